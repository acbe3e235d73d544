/** Years of the stamps of a file, decided by the real parse of its lines as they are put into a block. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inputOf, linesOf } from '../../test/contract/archive-lines.ts'
import { defineText } from '../../test/pipeline.ts'
import { FilesArchive } from '../engines/files/archive.ts'
import { ingestYears } from '../engines/registry.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-years-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const source = (layout = 'rfc3164') =>
  defineText(
    `sources: { s: { format: { pattern: '(?P<t>[^|]*)(?:[|].*)?' }, time: { field: t, layout: '${layout}' }, fields: {} } }
metrics: { m: { source: s, window: 1h, measures: { n: count() } } }`,
  ).sources.get('s')!

/** Pieces of a few lines, and blocks of some pieces. */
async function yearsOf(first: number, files: readonly string[][], layout?: string): Promise<string[]> {
  const archive = new FilesArchive({ dataDir, limits: { pieceBytes: 64, blockBytes: 300 } })
  const inputs = files.map((lines, place) => ({
    ...inputOf(`f${place}`, lines.map((line) => `${line}\n`).join('')),
    facts: { path: `f${place}` },
  }))
  await archive.ingest('s', inputs, await ingestYears(source(layout), first))
  return (await linesOf(archive, 's')).map(({ raw, context }) => {
    const { path, year } = JSON.parse(context!) as { path: string; year: number }
    return `${path} ${year} ${raw}`
  })
}

it('passes New Year in both directions, and begins again with each file', async () => {
  const one = [
    'Dec 30 10:00:00',
    'Dec 31 23:59:59',
    'Jan  1 00:00:01',
    'no stamp',
    'Dec 31 23:59:58',
    'Jan  1 00:00:02',
  ]
  const two = [
    'Jan  1 00:00:00',
    'Jul  1 00:00:00',
    'Dec 31 00:00:00',
    'Feb  1 00:00:00',
    'Feb 30 00:00:00',
    'Nov  1 00:00:00',
  ]
  const years = [2019, 2019, 2020, 2020, 2019, 2020, 2019, 2019, 2019, 2020, 2020, 2019]
  const lines = [...one.map((line) => `f0 | ${line}`), ...two.map((line) => `f1 | ${line}`)]
  expect(await yearsOf(2019, [one, two])).toEqual(
    lines.map((line, place) => line.replace('|', String(years[place]))),
  )
})

it('as comparing each stamp with the one before it finds it, whatever the pieces and blocks', async () => {
  const days = Array.from({ length: 300 }, (_, place) => (place * place * 37 + place * 11) % 366)
  const stamps = days.map((day) =>
    new Date(Date.UTC(2000, 0, 1 + day)).toUTCString().slice(5, 11).split(' ').reverse().join(' '),
  )
  let year = 2000
  const expected = days.map((day, place) => {
    const before = days[place - 1] ?? day
    // Of the three years around: the nearest, and of two that are as near the later.
    const distance = (turn: number) => Math.abs(day + 366 * turn - before)
    const turn = [1, 0, -1].reduce((best, each) => (distance(each) < distance(best) ? each : best))
    year += turn
    return `f0 ${year} ${stamps[place]}`
  })
  expect(await yearsOf(2000, [stamps], '%b %d')).toEqual(expected)
})

it('begins with the first stamp there is, and counts days of the year', async () => {
  const lines = ['no stamp', '366', '001', '365', '', '060']
  const years = [2023, 2023, 2024, 2023, 2023, 2024]
  expect(await yearsOf(2023, [lines], '%j')).toEqual(lines.map((line, place) => `f0 ${years[place]} ${line}`))
})

it('leaves bytes that are no text as they are', async () => {
  const archive = new FilesArchive({ dataDir })
  const bytes = Buffer.from('Dec 31 00:00:00|\xff\r\nJan  1 00:00:00|\r\nJan  1 00:00:01|x\xe4', 'latin1')
  await archive.ingest('s', [inputOf('f', bytes)], await ingestYears(source(), 2019))
  expect((await linesOf(archive, 's')).map(({ raw, context }) => [raw.toString('latin1'), context])).toEqual([
    ['Dec 31 00:00:00|\xff', '{"format":1,"year":2019}'],
    // The first line is no UTF-8 and so has no stamp.
    ['Jan  1 00:00:00|', '{"format":1,"year":2019}'],
    ['Jan  1 00:00:01|x\xe4', '{"format":1,"year":2019}'],
  ])
})

it('goes on where it ended when a file has grown, and refuses one whose years were not decided', async () => {
  const archive = new FilesArchive({ dataDir })
  const years = await ingestYears(source(), 2019)
  const take = async (text: string, decides: boolean) => {
    const input = { ...inputOf('f', text), facts: { path: 'f' } }
    await archive.ingest('s', [input], { ...(decides && years), repeats: 'continue' })
    await archive.acknowledge('s')
  }
  const first = 'Dec 31 10:00:00\nJan  1 10:00:00\n'
  await take(first, true)
  await take(`${first}Feb  1 10:00:00\n`, true)
  const contexts = (await linesOf(archive, 's')).map(({ context }) => JSON.parse(context!).year)
  expect(contexts).toEqual([2019, 2020, 2020])
  await take('Mar  1 10:00:00\n', false)
  await expect(take('Mar  1 10:00:00\nMar  2 10:00:00\n', true)).rejects.toMatchObject({
    code: 'INGEST_KNOWN_YEARS',
  })
})
