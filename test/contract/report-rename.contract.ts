/** What every report must do when a source takes another name: all that it holds is there under the new one. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metricVersion } from '../../src/compile/metric-version.ts'
import type { MetricPlan } from '../../src/core/plan.ts'
import type { Report } from '../../src/ports/report.ts'
import { mergeGroups } from './merge-model.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { type Group, makePlan, stage } from './report-fixture.ts'
import { modelRows, rowsOf, wholeModel, wholeQuery } from './whole-query.ts'

const MINUTE = 60_000
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const under = (plan: MetricPlan, source: string): MetricPlan => ({
  ...{ ...plan, source },
  version: metricVersion(plan.meaning, source, sha256),
})
const web = under(makePlan(), 'web')
const site = under(web, 'site')
const groups = randomGroups(seeded(600), 90)
const later = randomGroups(seeded(601), 40)
const recordsOf = (some: readonly Group[]) => some.reduce((sum, { records }) => sum + records, 0)

export function describeReportRename(
  name: string,
  open: (dir: string, mode: 'read' | 'write') => Promise<Report>,
): void {
  describe(`report rename: ${name}`, () => {
    let dir: string
    let report: Report
    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'millrace-rename-'))
      report = await open(dir, 'write')
    })
    afterEach(async () => {
      await report.close()
      rmSync(dir, { recursive: true, force: true })
    })

    const advance = async (plan: MetricPlan, fromOffset: number, some: readonly Group[]) => {
      const reject = { offset: fromOffset, metric: null, reason: 'invalid_json', field: null }
      const { staged, appended } = (await stage(dir, plan, some, { rejects: [reject] })).sources[0]!
      const late = [{ windowMs: -90 * MINUTE, lines: 1 }]
      await report.advance({
        ...{ source: plan.source, incarnation: 'log', archive: 'blocks', fromOffset, clockMs: 0 },
        ...{
          endOffset: fromOffset + appended + 1,
          plans: [plan],
          latenessMs: new Map([[plan.metric, MINUTE]]),
        },
        staged: {
          ...{ ...staged, source: plan.source, linesRead: appended + 1, parsed: appended },
          metrics: [{ ...staged.metrics[0]!, late }],
        },
      })
      return fromOffset + appended + 1
    }
    const publish = async (plan: MetricPlan, some: readonly Group[]) => {
      const publication = await stage(dir, plan, some, { range: { toMs: -100 * MINUTE } })
      await report.publish({
        ...publication,
        record: async (revision, rows) => ({
          ...(await publication.record(revision, rows)),
          ledger: [
            { source: plan.source, metric: plan.metric, appended: 5, counted: 5, filtered: 0, rejected: 0 },
          ],
        }),
      })
    }
    const holds = async (plan: MetricPlan, some: readonly Group[]) =>
      expect(rowsOf(await report.query(wholeQuery(plan)))).toEqual(modelRows(mergeGroups(some, wholeModel)))
    /** All that a report tells, as text, so that names can be replaced in it. */
    const told = async (source: string, plan: MetricPlan) =>
      JSON.stringify([
        await report.streamState(source),
        await report.lateRanges(),
        await report.metricState(plan.metric, plan.version),
        await report.heldMetrics(),
        await report.runs(9),
        await report.rejects(source, 9),
      ])
    const renamed = (text: string) =>
      text
        .replaceAll('"source":"web"', '"source":"site"')
        .replaceAll(`\\"source\\":\\"web\\"`, `\\"source\\":\\"site\\"`)
        .replaceAll(web.version, site.version)

    it('takes totals, live and final, ledger, rejects, runs and stream along, and goes on', async () => {
      const endOffset = await advance(web, 0, groups)
      await publish(web, [])
      const before = await told('web', web)
      expect(before).toContain('"source":"web"')
      await report.renameSource('web', 'site')
      expect(await told('site', site)).toBe(renamed(before))
      expect(await report.streamState('web')).toBeUndefined()
      expect((await report.rejects('web', 9)).total).toBe(0)
      await holds(site, groups)
      await report.renameSource('web', 'site')
      await report.close()
      report = await open(dir, 'write')
      await advance(site, endOffset, later)
      await holds(site, [...groups, ...later])
      expect((await report.streamState('site'))!.metrics[0]!.ledger).toMatchObject({
        ...{ source: 'site', counted: recordsOf([...groups, ...later]), late: 2 },
      })
    })

    it('lets a new source have the old name, and the name come back', async () => {
      const endOffset = await advance(web, 0, groups)
      await report.renameSource('web', 'site')
      await advance({ ...web, metric: 'other' }, 0, later)
      await holds(site, groups)
      await expect(report.renameSource('site', 'web')).rejects.toMatchObject({ code: 'RENAME_BOTH_HOLD' })
      await report.renameSource('web', 'third')
      await report.renameSource('site', 'web')
      await holds(web, groups)
      await advance(web, endOffset, later)
      await holds(web, [...groups, ...later])
      const held = (await report.heldMetrics()).map(({ metric, source }) => [metric, source])
      expect(held).toEqual([
        [web.metric, 'web'],
        ['other', 'third'],
      ])
    })

    it('takes the place of a name that a stream began with and nobody sent a line to', async () => {
      await advance(web, 0, groups)
      const empty = { ...(await stage(dir, site, [])).sources[0]!.staged, source: 'site' }
      await report.advance({
        ...{ source: 'site', incarnation: '', fromOffset: 0, endOffset: 0, clockMs: 5, plans: [site] },
        ...{ latenessMs: new Map([[site.metric, 0]]), staged: empty },
      })
      expect(await report.heldMetrics()).toHaveLength(2)
      await report.renameSource('web', 'site')
      await holds(site, groups)
      expect(await report.heldMetrics()).toEqual([
        { metric: web.metric, version: site.version, source: 'site', hasTotals: true },
      ])
    })
  })
}
