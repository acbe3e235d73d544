/** The list of faults that `npm run mutants` plants fits the code: each stands at one place, and has tests near it. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
// @ts-expect-error: a plain module of the scripts.
import { readPlanted } from '../../scripts/mutants/read-planted.mjs'

interface Planted {
  readonly fault: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly tests: readonly string[]
}

const ROOT = new URL('../../', import.meta.url)
const planted: readonly Planted[] = await readPlanted(ROOT.pathname)

it('there are at least sixty, each with a name of its own', () => {
  expect(planted.length).toBeGreaterThanOrEqual(60)
  expect(new Set(planted.map(({ fault }) => fault)).size).toBe(planted.length)
})

it('each stands at one place and changes it', () => {
  const stale = planted.filter(({ file, from, to }) => {
    const path = new URL(file, ROOT)
    return from === to || !existsSync(path) || readFileSync(path, 'utf8').split(from).length !== 2
  })
  expect(stale.map(({ fault, file }) => `${file}: ${fault}`)).toEqual([])
})

it('each has tests that exist', () => {
  const lost = planted.flatMap(({ tests }) => tests.filter((name) => !existsSync(new URL(name, ROOT))))
  expect(lost).toEqual([])
  expect(planted.filter(({ tests }) => tests.length === 0)).toEqual([])
})
