/** Small blocks in HDFS become big ones: the same lines, in the middle of whatever else goes on. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inputOf, linesOf as storedLines, textsOf } from '../contract/archive-lines.ts'
import { readFooter } from '../contract/read-block.ts'
import { linesOf, OwnArchive } from './hdfs-archive.ts'

const TARGET = { targetBytes: 60_000 }
let own: OwnArchive
beforeEach(async () => {
  own = await OwnArchive.make()
})
afterEach(() => own.remove())

async function fill(ingests: number) {
  const archive = own.open()
  const all: string[] = []
  for (let part = 0; part < ingests; part++) {
    const lines = linesOf(`part ${part}`, 4000)
    await archive.ingest('web', [inputOf('part', lines.join('\n'))], { now: () => 1000 * part })
    if (part < ingests - 1) await archive.acknowledge('web')
    all.push(...lines)
  }
  return { archive, all, before: (await archive.manifest('web'))! }
}

it('keeps every line, offset and observed time, and says in the footer what the block is', async () => {
  const { archive, before } = await fill(4)
  const lines = await storedLines(own.reopen(), 'web')
  const report = await archive.compact('web', TARGET)
  const after = (await archive.manifest('web'))!
  expect(after.blocks.length).toBe(before.blocks.length - report.merged + report.into)
  expect(after.blocks.length).toBeLessThan(before.blocks.length / 2)
  expect(after.nextOffset).toBe(before.nextOffset)
  expect(await storedLines(own.reopen(), 'web')).toEqual(lines)
  expect(await readFooter(await archive.verifiedPath('web', after.blocks[0]!))).toMatchObject({
    incarnation: before.incarnation,
    first_offset: '0',
    end_offset: String(after.blocks[0]!.endOffset),
    raw_bytes: String(after.blocks[0]!.rawBytes),
  })
  expect((await own.reopen().scrub('web')).findings).toEqual([])
  expect(await archive.compact('web', TARGET)).toEqual({ source: 'web', merged: 0, into: 0 })
})

it('leaves the old blocks to whoever read the older manifest, and pending ingests pending', async () => {
  const { archive, all, before } = await fill(3)
  await archive.compact('web', TARGET)
  const reader = own.reopen()
  for (const block of before.blocks) await reader.verifiedPath('web', block)
  const last = linesOf('part 2', 4000)
  const options = { now: () => 9000 }
  expect(await own.open().ingest('web', [inputOf('again', last.join('\n'))], options)).toMatchObject({
    repeated: true,
  })
  await own.open().acknowledge('web')
  await own.open().ingest('web', [inputOf('more', 'more')], options)
  for (const block of before.blocks) await own.reopen().blockUri('web', block)
  expect(await textsOf(own.reopen(), 'web')).toEqual([...all, 'more'])
})

it('changes nothing when a block is damaged', async () => {
  const { archive, before } = await fill(3)
  const damaged = `${own.path}/web/blocks/${before.blocks[1]!.name}`
  await own.hdfs.createText(damaged, 'x'.repeat(before.blocks[1]!.fileBytes))
  const compacting = own.reopen().compact('web', TARGET)
  await expect(compacting).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT_BLOCK' })
  expect(await archive.manifest('web')).toEqual(before)
})
