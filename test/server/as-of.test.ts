/** `millrace query --as-of` as its user runs it, beside a server and without one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id) }
    allowed_lateness: 1s
serve: { listen: "127.0.0.1:0", restate: scheduled }
`
/** Of years before the first line. */
const LATE_MS = Date.UTC(2026, 0, 1)

let cwd: string
let server: Serving
/** Observed before it: 30 lines, all late for their windows; after it 20 more for the same windows. */
let between: string

const linesOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const id = from + index
    return `${JSON.stringify({ ts: LATE_MS + (id % 3) * 1000, service: `s${id % 2}`, id })}\n`
  }).join('')

beforeAll(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  server = await Serving.start(cwd)
  await server.send('web', linesOf(0, 30))
  await sleep(5)
  between = new Date().toISOString()
  await sleep(5)
  await server.send('web', linesOf(30, 20))
  await server.counted()
  return () => server.stop()
})

const query = (...args: string[]) => millrace(['query', 'requests', ...args], { cwd })
const asOf = (...args: string[]) => query('--as-of', between, ...args)

/** By the test's own count: those of the first lines that fall in each window and series. */
function expected(count: number): string {
  const rows = [0, 1, 2].flatMap((second) =>
    [0, 1].map((service) => {
      const ids = Array.from({ length: count }, (_, id) => id).filter(
        (id) => id % 3 === second && id % 2 === service,
      )
      const start = new Date(LATE_MS + second * 1000).toISOString().replace('.000Z', 'Z')
      return `${start},s${service},${ids.length},${ids.reduce((sum, id) => sum + id, 0)}`
    }),
  )
  return `window_start,service,n,ids\n${rows.join('\n')}\n`
}

describe('beside a server', () => {
  it('counts what was observed before, late or not, and says so', async () => {
    const { status, stdout, stderr } = await asOf('--measures', 'n,ids', '--format', 'csv')
    expect({ status, stdout }).toEqual({ status: 0, stdout: expected(30) })
    expect(stderr).toContain(
      `As known at ${between}: of 50 lines of web 30 had been observed. All of them count, late ones too, as in a batch run at that time.`,
    )
  })

  it('changes neither the totals nor the revisions', async () => {
    const before = [await query('--format', 'csv'), await millrace(['--json', 'runs'], { cwd })]
    await asOf()
    const after = [await query('--format', 'csv'), await millrace(['--json', 'runs'], { cwd })]
    expect(after.map(({ stdout }) => stdout)).toEqual(before.map(({ stdout }) => stdout))
    expect(after[1]!.stdout.trim()).toBe('[]')
  })

  it('shows them in every form', async () => {
    const merged = await asOf(
      '--step',
      '1d',
      '--by',
      '',
      '--timezone',
      'Asia/Tokyo',
      '--quantiles',
      '1',
      '--json',
    )
    expect(JSON.parse(merged.stdout)).toEqual([
      { window_start: '2025-12-31T15:00:00Z', n: 30, ids: 435, spread_p100: 29 },
    ])
    const { stdout } = await asOf(
      '--where',
      "service = 's1'",
      '--from',
      '2026-01-01T00:00:01Z',
      '--measures',
      'n',
    )
    expect(
      stdout
        .split('\n')
        .map((line) => line.split(/ +/))
        .slice(2, 4),
    ).toEqual([
      ['2026-01-01T00:00:01Z', 's1', '5'],
      ['2026-01-01T00:00:02Z', 's1', '5'],
    ])
  })

  it('is empty before the first line, and warns of a time that lies ahead', async () => {
    const none = await query('--as-of', '2026-01-01', '--format', 'csv', '--measures', 'n')
    expect(none).toMatchObject({ status: 0, stdout: 'window_start,service,n\n' })
    const ahead = await query('--as-of', '2999-01-01', '--format', 'csv', '--measures', 'n,ids')
    expect(ahead.stdout).toBe(expected(50))
    expect(ahead.stderr).toContain('Warning: 2999-01-01T00:00:00Z lies ahead: lines that are still to come')
  })

  it('refuses what it cannot do, with what to do', async () => {
    const bad = await query('--as-of', 'yesterday')
    expect(bad.status).toBe(2)
    expect(bad.stderr).toContain('Write a time such as 2026-01-31 or 2026-01-31T08:00:00Z.')
    expect((await query('--engine', 'duckdb')).stderr).toContain('Leave it out, or add --as-of.')
    expect((await asOf('--engine', 'abacus')).stderr).toContain('There is no batch engine abacus.')
    expect((await asOf('--by', 'path')).stderr).toContain('has no dimension path')
    const both = await asOf('--definition-version', '0123456789abcdef')
    expect(both.status).toBe(2)
    expect(both.stderr).toContain(
      "'--as-of <time>' cannot be used with option '--definition-version <version>'",
    )
  })
})

it('gives the same without a server, after a batch, and leaves nothing behind', async () => {
  await server.stop()
  expect((await asOf('--measures', 'n,ids', '--format', 'csv')).stdout).toBe(expected(30))
  expect((await millrace(['batch'], { cwd })).status).toBe(0)
  expect((await asOf('--measures', 'n,ids', '--format', 'csv')).stdout).toBe(expected(30))
  expect((await query('--measures', 'n,ids', '--format', 'csv')).stdout).toBe(expected(50))
  const { readdirSync } = await import('node:fs')
  expect(readdirSync(`${cwd}/.millrace/tmp`)).toEqual([])
})
