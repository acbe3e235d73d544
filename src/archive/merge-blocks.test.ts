/** Blocks of both formats become one of the newest, with every line, time and context in its place. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inputOf, linesOf } from '../../test/contract/archive-lines.ts'
import { readFooter, readWithDuckdb } from '../../test/contract/read-block.ts'
import { FilesArchive } from '../engines/files/archive.ts'
import { mergeBlocks } from './merge-blocks.ts'

it('merges a block without contexts and one with them', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-merge-'))
  try {
    const old = join(import.meta.dirname, '../../test/fixtures/data-format-1/data/archive')
    await cp(old, join(dataDir, 'archive'), { recursive: true })
    const archive = new FilesArchive({ dataDir })
    await archive.ingest('web', [{ ...inputOf('new', 'x\ny\n'), facts: { referenceMs: 7 } }])
    const { source, incarnation, blocks } = (await archive.manifest('web'))!
    const paths = await Promise.all(blocks.map((block) => archive.verifiedPath('web', block)))
    const merge = async (count: number, to: string) => {
      const spillFolder = join(dataDir, 'spill')
      const some = { blocks: blocks.slice(0, count), paths: paths.slice(0, count) }
      return (await mergeBlocks({ source, incarnation, ...some, to, spillFolder })).path
    }
    const merged = await readWithDuckdb(await merge(2, join(dataDir, 'both.parquet')))
    expect(merged.map(({ offset, context }) => [offset, context])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, '{"format":1,"reference_ms":7}'],
      [3, '{"format":1,"reference_ms":7}'],
    ])
    const again = new FilesArchive({ dataDir })
    expect(merged.slice(2)).toEqual((await linesOf(again, 'web', readNewest)).slice(-2))
    const alone = await merge(1, join(dataDir, 'old.parquet'))
    expect(await readFooter(alone)).toMatchObject({ millrace_format: '2' })
    expect(await readWithDuckdb(alone)).toEqual(merged.slice(0, 2))
  } finally {
    await rm(dataDir, { recursive: true })
  }
})

/** Blocks of format 1 have no column for it. */
async function readNewest(path: string) {
  return (await readFooter(path)).millrace_format === '2' ? readWithDuckdb(path) : []
}
