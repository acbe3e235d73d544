/** A manifest that was changed, or whose blocks leave a gap, is never believed. */
import { expect, it } from 'vitest'
import type { Block } from '../core/block.ts'
import { emptyManifest, parseManifest, printManifest, type StoredManifest } from './manifest-text.ts'

const block = (firstOffset: number, endOffset: number): Block => ({
  name: `${firstOffset}.parquet`,
  ...{ firstOffset, endOffset, rawBytes: 10, fileBytes: 10, sha256: '0'.repeat(64) },
})
const manifest = (blocks: readonly Block[], nextOffset: number): StoredManifest => ({
  ...emptyManifest('web'),
  ...{ generation: 1, blocks, nextOffset },
})

it('is read back as it was printed', () => {
  const whole = manifest([block(0, 3), block(3, 5)], 5)
  expect(parseManifest(printManifest(whole))).toEqual(whole)
})

it('is refused when one digit of it was changed', () => {
  const text = printManifest(manifest([block(0, 3)], 3))
  expect(parseManifest(text.replace('"rawBytes": 10', '"rawBytes": 11'))).toBeUndefined()
})

it('is whole where lost lines fill what its blocks leave out, and only there', () => {
  const lost = (fromOffset: number, endOffset: number) => {
    return { fromOffset, endOffset, acceptedMs: 1, acceptedBy: 'ann@host' }
  }
  const whole = { ...manifest([block(0, 3), block(5, 6)], 9), lost: [lost(3, 5), lost(6, 9)] }
  expect(parseManifest(printManifest(whole))).toEqual(whole)
  const wrong = [
    { ...whole, lost: [lost(3, 5)] },
    { ...whole, lost: [lost(3, 6), lost(6, 9)] },
  ]
  expect(wrong.map((one) => parseManifest(printManifest(one)))).toEqual(wrong.map(() => undefined))
})

it('is refused when its blocks leave a gap, overlap, or do not end where it says', () => {
  const wrong = [
    manifest([block(0, 3), block(4, 5)], 5),
    manifest([block(0, 3), block(2, 5)], 5),
    manifest([block(1, 5)], 5),
    manifest([block(0, 3)], 5),
    manifest([block(0, 3), block(3, 3)], 3),
  ]
  expect(wrong.map((one) => parseManifest(printManifest(one)))).toEqual(wrong.map(() => undefined))
})
