/** What every report's digests must show: any changed row, also where no value that users see tells of it. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TotalsDifference } from '../../src/core/compare-totals.ts'
import type { Report } from '../../src/ports/report.ts'
import { compareReports } from '../../src/run/compare-reports.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { type Dimensions, type Group, makePlan, stage } from './report-fixture.ts'

const MINUTE = 60_000
const plan = makePlan()
const range = { fromMs: -100 * MINUTE, toMs: 100 * MINUTE }
const series: Dimensions = ['api', 404n, -1500n, true]
const GROUP: Group = {
  ...{ windowMs: 3 * MINUTE, dimensions: series, records: 10_000, valued: 10_000 },
  ...{ most: 900n, least: 1n, sum: 2n ** 62n, heat: 4 },
  buckets: [10, 20, 30].map((bucket, place) => [bucket, [500, 500, 9000][place]!] as const),
  registers: [1, 2, 3].map((register) => [register, register] as const),
}

/** One change of the group, and the column that must be blamed. */
const CHANGES: readonly [string, Partial<Group>, string][] = [
  ['a changed cell', { sum: 2n ** 62n + 1n }, 'total'],
  ['a bucket count moved without changing any percentile', { buckets: move() }, 'duration'],
  ['two registers swapped without changing the estimate', { registers: swap() }, 'users'],
  ['a bucket that is gone', { buckets: GROUP.buckets.slice(1) }, 'duration_p1'],
  ['a changed float', { heat: 4.5 }, 'heat'],
]

function move(): Group['buckets'] {
  return [[10, 501], [20, 499], GROUP.buckets[2]!]
}

function swap(): Group['registers'] {
  return [[1, 2], [2, 1], GROUP.registers[2]!]
}

export function describeDigests(
  name: string,
  open: (dir: string, mode: 'read' | 'write') => Promise<Report>,
  openOther: (dir: string, mode: 'read' | 'write') => Promise<Report> = open,
): void {
  describe(`report digests: ${name}`, () => {
    let dir: string
    let reports: Report[]
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-digest-'))
      reports = []
    })
    afterEach(async () => {
      for (const report of reports) await report.close()
      rmSync(dir, { recursive: true, force: true })
    })

    const publish = async (groups: readonly Group[], opener = open): Promise<Report> => {
      const folder = join(dir, `report${reports.length}`)
      mkdirSync(folder)
      const report = await opener(folder, 'write')
      reports.push(report)
      await report.publish(await stage(folder, plan, groups))
      return report
    }
    const compare = async (reported: readonly Group[], recomputed: readonly Group[]) => {
      const sides = { reported: await publish(reported), recomputed: await publish(recomputed, openOther) }
      const { cells, differences } = await compareReports(sides, plan, range)
      const found: TotalsDifference[] = []
      for await (const some of differences) found.push(...some)
      return { cells, found }
    }

    it('finds nothing where the rows are equal, whatever their order', async () => {
      const groups = randomGroups(seeded(50), 300)
      const { cells, found } = await compare(groups, groups.toReversed())
      expect(found).toEqual([])
      expect(cells).toBe(300 * plan.measures.length)
    })

    it('are the sum of 60 bits of the MD5 of each row', async () => {
      const report = await publish([GROUP])
      const query = { plan, range, tally: 'keyed2', columns: ['max_0'], bySeries: true }
      expect(await report.digest(query)).toEqual({
        windowMs: [GROUP.windowMs],
        dimensions: [series],
        rows: [3],
        digests: [GROUP.registers.reduce((sum, pair) => sum + digestRow(pair), 0n)],
      })
    })

    it.each(CHANGES)(
      'find %s among many rows, with its window, series and measure',
      async (_, change, column) => {
        const others = randomGroups(seeded(51), 100).filter(({ windowMs }) => windowMs !== GROUP.windowMs)
        const { found } = await compare([...others, GROUP], [...others, { ...GROUP, ...change }])
        const place = { windowMs: GROUP.windowMs, dimensions: ['api', '404', '-1.5', 'true'] }
        expect(found).toMatchObject([{ ...place, column }])
        expect(found[0]!.reported).not.toBe(found[0]!.recomputed)
      },
    )

    it('tell a series that one side lacks once, and null from the text null', async () => {
      const [empty, text] = [null, 'null'].map((service) => ({
        ...GROUP,
        dimensions: [service, null, null, null] as Dimensions,
      }))
      const { found } = await compare([empty!], [text!])
      expect(found).toMatchObject([
        { column: 'row', dimensions: [undefined, undefined, undefined, undefined], recomputed: 'missing' },
        { column: 'row', dimensions: ['null', undefined, undefined, undefined], reported: 'missing' },
      ])
    })
  })
}

/** Written apart from the product. */
function digestRow([key, value]: readonly [number, number]): bigint {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')
  const name = md5(series.map((dimension) => md5(String(dimension))).join(','))
  return BigInt(`0x${md5(`${name}:${key}:${value}`).slice(0, 15)}`)
}
