/** Runs the cases on one engine and holds its column of docs/conformance.md against the verdicts. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CASES } from './all-cases.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { Verdict } from './judge-outcome.ts'
import { cellOf, type EngineName, type Page, printPage, readPage, titleOf } from './page.ts'

const PAGE = join(import.meta.dirname, '../../docs/conformance.md')

/** Set by `npm run conformance -- --write`. */
export const isWriting = process.env.MILLRACE_WRITE_CONFORMANCE === '1'

export function storedPage(): Page {
  return readPage(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '')
}

export function pageText(): string {
  return existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
}

/** Writes the engine's column. Cells of cases that did not run now stay, those of cases that are gone do not. */
export function writeColumn(
  engine: EngineName,
  version: string,
  cases: readonly ConformanceCase[],
  verdicts: readonly Verdict[],
): void {
  const stored = storedPage()
  const found = cases.map((test, index) => [titleOf(test), cellOf(verdicts[index]!)] as const)
  const cells = new Map([...stored[engine].cells, ...found])
  const ran = `${version}, run on ${new Date().toISOString().slice(0, 10)}`
  writeFileSync(PAGE, printPage(CASES, { ...stored, [engine]: { ran, cells } }))
}

/** Cases that are not as the page says, `found` against `page`. */
export function staleCells(
  engine: EngineName,
  cases: readonly ConformanceCase[],
  verdicts: readonly Verdict[],
): string[] {
  const stored = storedPage()[engine].cells
  return cases.flatMap((test, index) => {
    const [found, page] = [cellOf(verdicts[index]!), stored.get(titleOf(test)) ?? 'nothing']
    return found === page ? [] : [`${titleOf(test)}: found ${found}, the page has ${page}`]
  })
}

/** Differences of the wrong cases, for people. */
export function wrongCases(cases: readonly ConformanceCase[], verdicts: readonly Verdict[]): string[] {
  return cases.flatMap((test, index) => {
    const verdict = verdicts[index]!
    return verdict.kind === 'wrong' ? [[titleOf(test), ...verdict.differences].join('\n  ')] : []
  })
}

export function shareKept(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ kind }) => kind === 'exact' || kind === 'bounded').length / verdicts.length
}
