/** Statements that were planned for one micro-batch give right rows for any other, as those planned anew do. */
import { expect, it } from 'vitest'
import type { StagedSource } from '../../src/ports/batch-engine.ts'
import type { StoredBatch } from '../../src/ports/log.ts'
import { defineText, readRows } from '../pipeline.ts'
import { deviceRequests, MINUTE, T0 } from './device-requests.ts'
import { StreamWorld } from './stream-world.ts'

const HOUR = 60 * MINUTE
const line = (ts: number, ms: unknown, device = 'd') => `${JSON.stringify({ ts, device, ms })}\n`
const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join('')

/** Each differs from the one before it in what DuckDB could have inferred from that one's values. */
const CONTENTS: Readonly<Record<string, string | Buffer>> = {
  'only late lines': many(5, () => line(T0 - HOUR, 1)),
  'small numbers': many(20, (ms) => line(T0, ms)),
  'large and negative numbers': many(20, (ms) => line(T0 - ms * 1000, (ms - 10) * 10 ** 12, `d${ms}`)),
  'other windows': many(20, (ms) => line(T0 + ms * 10_000, ms)),
  'lines that are no JSON': `{"ts":\n${line(T0, 2)}[1]\n`,
  'bytes that are no UTF-8': Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(line(T0, 3))]),
  'carriage returns': line(T0, 4).replace('\n', '\r\n').repeat(3),
  'one line': line(T0, 5),
  'one empty line': '\n',
  'bad fields': line(T0, 'x') + line(T0, 6) + line(T0, 7, 'y'.repeat(1025)),
  nothing: '',
  'small numbers again': many(20, (ms) => line(T0, ms)),
}

async function show(staged: StagedSource): Promise<unknown> {
  const rowsOf = (path: string) => readRows(`SELECT * FROM read_parquet('${path}') ORDER BY ALL`)
  const { rejectsPath, metrics, ...counts } = staged
  const shown = metrics.map(async ({ tallies, ...rest }) => {
    const rows = await Promise.all(tallies.map(({ path }) => rowsOf(path)))
    return { ...rest, rows: rows.map((all) => all.map((row) => Object.values(row).map(String))) }
  })
  return { counts, rejects: await rowsOf(rejectsPath), metrics: await Promise.all(shown) }
}

it('whatever the micro-batches before held', async () => {
  const definition = defineText(deviceRequests(5 * MINUTE))
  const kept = new StreamWorld(definition)
  let offset = 0
  try {
    for (const [name, content] of Object.entries(CONTENTS)) {
      const bytes = Buffer.from(content as string)
      const endOffset = offset + bytes.filter((byte) => byte === 0x0a).length
      const batch: StoredBatch = { firstOffset: offset, endOffset, observedMs: T0 + MINUTE, bytes }
      const fresh = new StreamWorld(definition)
      const expected = await show(await fresh.compute([batch], offset))
      await fresh.close()
      expect(await show(await kept.compute([batch], offset)), name).toEqual(expected)
      offset = endOffset
    }
  } finally {
    await kept.close()
  }
})

it('passes over lines below the offset, and keeps those of several observed times apart', async () => {
  const world = new StreamWorld(defineText(deviceRequests(5 * MINUTE)))
  const batches = [T0, T0 + MINUTE, T0 + HOUR].map((observedMs, place) => {
    const bytes = Buffer.from(many(3, (ms) => line(T0, ms)))
    return { firstOffset: place * 3, endOffset: place * 3 + 3, observedMs, bytes }
  })
  try {
    const staged = await world.compute(batches, 1)
    expect(staged).toMatchObject({ linesRead: 8, parsed: 8 })
    expect(staged.metrics).toMatchObject([{ counted: 5, late: [{ windowMs: T0, lines: 3 }] }])
  } finally {
    await world.close()
  }
})

it('fails when a batch has other lines than it says', async () => {
  const world = new StreamWorld(defineText(deviceRequests(5 * MINUTE)))
  const batch = { firstOffset: 7, endOffset: 10, observedMs: T0, bytes: Buffer.from(line(T0, 1).repeat(2)) }
  try {
    await expect(world.compute([batch], 7)).rejects.toThrow(/3 lines from offset 7/)
    const right = { ...batch, endOffset: 9 }
    expect(await world.compute([right], 7)).toMatchObject({ linesRead: 2 })
  } finally {
    await world.close()
  }
})
