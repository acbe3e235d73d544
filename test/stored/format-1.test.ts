/**
 * A data folder of format 1, made by the version before contexts (see fixtures/data-format-1): its blocks and segments are
 * read, appended to, counted by batch and stream, and verified.
 */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { openArchive } from '../../src/engines/registry.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { batchOf, keyOf } from '../contract/log.contract.ts'
import { readFooter } from '../contract/read-block.ts'
import { bytesInput, defineText, makeScratch, Pipeline } from '../pipeline.ts'

const OLD = join(import.meta.dirname, '../fixtures/data-format-1')
const definition = defineText(readFileSync(join(OLD, 'definition.yaml'), 'utf8'))
/** Some minutes after its last lines came. */
const NOW_MS = Date.parse('2026-11-30T18:20:00Z')
const clocks = { now: () => NOW_MS, steady: () => NOW_MS }

/** Lines of the old log, then a new one, go to the archive as the server puts them there. */
async function appendThroughLog(pipeline: Pipeline): Promise<void> {
  const archive = await openArchive(pipeline.folders)
  const firstOffset = async (source: string) => (await archive.manifest(source))?.nextOffset ?? 0
  const log = await FilesLog.open({ dataDir: pipeline.folders.dataDir, firstOffset, clocks })
  try {
    const old = 'Mar  1 10:45:00 a door\n'
    expect(await log.append('sys', batchOf(old, keyOf('first', old, '')))).toMatchObject({
      firstOffset: 3,
      isDuplicate: true,
    })
    await log.append('sys', { ...batchOf('Nov 30 18:19:00 a new\n'), context: '{"format":1}' })
    await log.append('web', batchOf('{"ts":"2024-03-01T11:30:00Z","path":"/c"}\n'))
    for (const source of ['sys', 'web'])
      await archiveLog({ log, archive, passed: async () => undefined }, source, { isUrgent: true })
  } finally {
    await log.close()
  }
}

it('goes on where it stood, and every total of it stays', async () => {
  const pipeline = new Pipeline(definition)
  try {
    cpSync(join(OLD, 'data'), pipeline.folders.dataDir, { recursive: true })
    await appendThroughLog(pipeline)
    const facts = { path: 'sys.log', referenceMs: NOW_MS }
    await pipeline.ingest('sys', {
      ...bytesInput(Buffer.from('Dec 31 10:00:00 c file\nJan  1 10:00:00 c file\n')),
      facts,
    })
    await pipeline.batch()
    const archive = await openArchive(pipeline.folders)
    const { blocks } = (await archive.manifest('sys'))!
    const paths = await Promise.all(blocks.map((block) => archive.verifiedPath('sys', block)))
    const formats = await Promise.all(paths.map(async (path) => (await readFooter(path)).millrace_format))
    expect(formats).toEqual(['1', '2', '2'])
    expect((await pipeline.queryCsv('lines')).trim().split('\n').slice(1)).toEqual([
      '2019-03-01T10:00:00Z,a,2',
      '2019-03-01T10:00:00Z,b,1',
      '2019-12-31T10:00:00Z,c,1',
      '2019-12-31T23:00:00Z,a,1',
      '2020-01-01T10:00:00Z,c,1',
      '2026-11-30T18:00:00Z,a,1',
    ])
    expect((await pipeline.queryCsv('hits')).trim().split('\n').slice(1)).toEqual([
      '2024-03-01T10:00:00Z,/a,2',
      '2024-03-01T10:00:00Z,/b,1',
      '2024-03-01T11:00:00Z,/a,1',
      '2024-03-01T11:00:00Z,/c,1',
    ])
    const { metrics } = await pipeline.verify()
    expect(metrics.map(({ metric, cells, differing }) => [metric, cells, differing])).toEqual([
      ['lines', 6, 0],
      ['hits', 4, 0],
    ])
    expect(await countByStream(pipeline, paths)).toEqual([3, 2, 2])
  } finally {
    pipeline.remove()
  }
})

/** Lines with a valid time in each block. */
async function countByStream(pipeline: Pipeline, paths: readonly string[]): Promise<number[]> {
  const plan = pipeline.plans.find(({ source }) => source === 'sys')!
  const { blocks } = (await (await openArchive(pipeline.folders)).manifest('sys'))!
  const stagingRoot = makeScratch(pipeline.folder)
  const engine = new DuckdbStreamEngine({ stagingRoot, readableFolders: [pipeline.folder] })
  try {
    const counted: number[] = []
    for (const [place, { name, firstOffset, endOffset, rawBytes }] of blocks.entries()) {
      const block = { name, location: paths[place]!, lines: endOffset - firstOffset, firstOffset, rawBytes }
      const staged = await engine.compute({
        ...{ plan, block, batches: [], fromOffset: firstOffset, endOffset },
        lateness: new Map(),
        stagingDir: makeScratch(stagingRoot),
      })
      counted.push(staged.metrics[0]!.counted)
    }
    return counted
  } finally {
    await engine.close()
  }
}
