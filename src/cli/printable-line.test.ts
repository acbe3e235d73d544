import { expect, it } from 'vitest'
import { exactText, printableLine } from './printable-line.ts'

const show = (bytes: string | number[], limit = 100) => printableLine(Buffer.from(bytes as string), limit)

it('leaves text alone', () => {
  expect(show('{"a":"ß→😀"}')).toBe('{"a":"ß→😀"}')
})

it('escapes bytes that are no UTF-8, one by one', () => {
  expect(show([0x61, 0xff, 0xc3, 0x62])).toBe('a\\xFF\\xC3b')
  expect(show([0xc0, 0x80, 0xe2, 0x82])).toBe('\\xC0\\x80\\xE2\\x82')
})

it('escapes what would drive a terminal', () => {
  expect(show('\x1b[2J\t\0')).toBe('\\x1B[2J\\x09\\x00')
  expect(show('a\u202eb')).toBe('a\\xE2\\x80\\xAEb')
})

it('cuts long lines and says how long they are', () => {
  expect(show('x'.repeat(200), 10)).toBe('xxxxxxxxxx… (200 bytes)')
  expect(show('😀'.repeat(10), 10)).toBe('😀'.repeat(10))
})

it('gives exact text only of UTF-8', () => {
  expect(exactText(Buffer.from('\ufeffß'))).toBe('\ufeffß')
  expect(exactText(Buffer.from([0xff]))).toBeUndefined()
})
