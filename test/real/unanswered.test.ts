/** Odd real files without answers: whatever a sniffed definition makes of them, nothing crashes and the ledger balances. */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readHead } from '../../src/cli/read-head.ts'
import { MillraceError } from '../../src/core/error.ts'
import { sniffFiles } from '../../src/define/sniff/sniff-files.ts'
import { openArchive } from '../../src/engines/registry.ts'
import { ingestFiles } from '../../src/run/ingest-files.ts'
import { defineText, Pipeline } from '../pipeline.ts'

const DATA = resolve('../shared/data')
const isThere = existsSync(DATA)
const skipped = isThere ? '' : ` (SKIPPED: there is no ${DATA})`
if (!isThere) console.warn(`test/real is SKIPPED: there is no ${DATA}`)

const files = (isThere ? ['iis_w3c', 'zoo'] : []).flatMap((folder) =>
  readdirSync(join(DATA, folder))
    .filter((name) => name !== 'LICENSE')
    .map((name) => join(folder, name)),
)
const outcomes: { file: string; lines: number; rejected: number; why?: string }[] = []

describe.skipIf(!isThere)(`odd files${skipped}`, () => {
  it.each(files)('%s', async (file) => {
    outcomes.push({ file, ...(await load(join(DATA, file))) })
  })

  it('reads most lines of most files', () => {
    const read = outcomes.filter(({ lines, rejected }) => lines > 0 && rejected <= lines / 2)
    const refused = outcomes.filter(({ why }) => why !== undefined)
    const bad = outcomes.filter(({ lines, rejected, why }) => !why && (lines === 0 || rejected > lines / 2))
    console.log(
      `odd files: ${read.length} read, ${refused.length} refused by init, ${bad.length} mostly rejected`,
    )
    console.log(refused.map(({ file, why }) => `  ${file}: ${why}`).join('\n'))
    console.log(bad.map(({ file, lines, rejected }) => `  ${file}: ${rejected} of ${lines}`).join('\n'))
    expect(read.length).toBeGreaterThan(outcomes.length / 2)
  })
})

/** A refusal must be one of ours, with a code; anything else fails the test. */
async function load(path: string): Promise<{ lines: number; rejected: number; why?: string }> {
  let text: string
  try {
    const sniffed = sniffFiles([await readHead(path)])
    if (sniffed.undecided.length > 0) return { lines: 0, rejected: 0, why: 'SNIFF_TIME_UNDECIDED' }
    text = sniffed.text
  } catch (error) {
    if (error instanceof MillraceError) return { lines: 0, rejected: 0, why: error.code }
    throw error
  }
  const pipeline = new Pipeline(defineText(text))
  try {
    return await run(pipeline, path)
  } finally {
    pipeline.remove()
  }
}

async function run(pipeline: Pipeline, path: string): Promise<{ lines: number; rejected: number }> {
  const source = [...pipeline.definition.sources.keys()][0]!
  const { lines } = await ingestFiles(await openArchive(pipeline.folders), source, [path])
  const { ledger } = await pipeline.batch()
  for (const line of ledger) {
    expect(line.appended).toBe(lines)
    expect(line.counted + line.filtered + line.rejected).toBe(lines)
  }
  return { lines, rejected: ledger.find(({ metric }) => metric === undefined)!.rejected }
}
