/** Brings what an application staged to this machine, and reads its counts. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tellsLate } from '../../compile/print-tally.ts'
import { MillraceError } from '../../core/error.ts'
import type { BatchRequest, StagedSource } from '../../ports/batch-engine.ts'
import { COUNTS, REJECTS, tallyFolder } from './job.ts'
import { linesOf } from './run-driver.ts'

type LateLines = NonNullable<StagedSource['metrics'][number]['late']>

/** Errors: BATCH_ENGINE_FAILED. */
export async function fetchStaged(request: BatchRequest): Promise<StagedSource> {
  const { plan } = request
  const counts = JSON.parse(await readFile(await fetchFile(request, COUNTS, '.json'), 'utf8'))
  const expected = linesOf(request)
  const isWhole =
    request.observedBeforeMs === undefined ? counts.lines === expected : counts.lines <= expected
  if (!isWhole) {
    const why = `its blocks hold ${expected} lines, but ${counts.lines} were read; a block is missing or cut`
    throw new MillraceError('BATCH_ENGINE_FAILED', { source: plan.source, why })
  }
  const metrics: StagedSource['metrics'][number][] = []
  for (const [index, { metric, tallies }] of plan.metrics.entries()) {
    const paths: { id: string; path: string }[] = []
    for (const tally of tallies)
      paths.push({ id: tally.id, path: await fetchFile(request, tallyFolder(index, tally), '.parquet') })
    metrics.push({
      metric,
      counted: counts[`counted${index}`],
      filtered: counts[`filtered${index}`] + counts.headers,
      rejected: counts[`rejected${index}`] + counts.rejected,
      ...(tellsLate(request, metric) && { late: sumLate(counts.late, index) }),
      ...(counts[`outside${index}`] > 0 && { outside: counts[`outside${index}`] }),
      tallies: paths,
    })
  }
  const { lines, parsed, headers, rejected } = counts
  const rejectsPath = await fetchFile(request, REJECTS, '.parquet')
  return { source: plan.source, linesRead: lines, parsed, headers, rejected, rejectsPath, metrics }
}

/** Of one metric, by window, each of which may recur, since lines are read in several ways. */
function sumLate(
  rows: readonly (LateLines[number] & { readonly place: number })[],
  place: number,
): LateLines {
  const sums = new Map<number, number>()
  for (const { windowMs, lines } of rows.filter((row) => row.place === place))
    sums.set(windowMs, (sums.get(windowMs) ?? 0) + lines)
  return [...sums].map(([windowMs, lines]) => ({ windowMs, lines })).sort((a, b) => a.windowMs - b.windowMs)
}

/** Spark writes one data file into each folder, beside marks of its own. */
async function fetchFile(request: BatchRequest, name: string, ending: string): Promise<string> {
  const paths = await request.shared!.fetch(name, join(request.stagingDir, name))
  const files = paths.filter((path) => path.endsWith(ending))
  if (files.length === 1) return files[0]!
  const why = `the staged folder ${name} holds ${files.length} files in place of one`
  throw new MillraceError('BATCH_ENGINE_FAILED', { source: request.plan.source, why })
}
