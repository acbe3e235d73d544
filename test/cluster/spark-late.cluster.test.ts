/** What Spark counts beside a stream: late lines told apart, windows below a run's cut, and lines that were known at a time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { smallSpark } from './small-spark.ts'

const SOURCE = '{ format: json, time: { field: ts, layout: iso }, fields: { service: string, id: integer } }'
const METRIC = 'window: 1s, allowed_lateness: 1s, dimensions: { service: service }'
/** One source of one tally, whose lines go straight into groups, and one of several. */
const DEFINITION = () => `sources:
  web: ${SOURCE}
  shop: ${SOURCE}
metrics:
  hits: { source: web, ${METRIC}, where: id <> 7, measures: { n: count(), ids: sum(id) } }
  sales: { source: shop, ${METRIC}, measures: { n: count(), spread: quantiles(id), users: distinct(id) } }
serve: { listen: "127.0.0.1:0", restate: scheduled }
batch: ${JSON.stringify({ spark: 'local[2]', home: clusterAddress('spark').home, conf: smallSpark() })}
`

const SOURCES = ['web', 'shop']
let cwd: string
let server: Serving
let between: string

/** Lines of the present; every tenth is so many ms old, and late from 2 s on, and one is no JSON. */
async function sendLines(batch: number, lateMs: number): Promise<void> {
  const now = Date.now()
  const lines = Array.from({ length: 50 }, (_, index) => {
    const ts = new Date(now - (index % 10 === 0 ? lateMs : 0)).toISOString()
    return JSON.stringify({ ts, service: `s${index % 2}`, id: batch * 50 + index })
  })
  for (const source of SOURCES) await server.send(source, `${lines.join('\n')}\nnot JSON\n`)
}

beforeAll(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION() })
  server = await Serving.start(cwd)
  await sendLines(0, 60_000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  between = new Date().toISOString()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await sendLines(1, 60_000)
  await server.counted()
  // Every window of theirs is final then.
  await new Promise((resolve) => setTimeout(resolve, 4000))
})
afterAll(() => server?.stop())

const run = (...args: string[]) => millrace(args, { cwd })

async function verify(...args: string[]) {
  const { status, stdout, stderr } = await run('--json', 'verify', ...args)
  if (stdout === '') throw new Error(stderr)
  const { engine, metrics } = JSON.parse(stdout)
  const cells = metrics.map(({ cells, differing, late }: Record<string, number>) => ({
    cells,
    differing,
    late,
  }))
  return { status, engine, cells }
}

describe('Spark beside a stream', () => {
  it('counts what was not late, as the stream and DuckDB do', async () => {
    const spark = await verify()
    expect(spark).toMatchObject({ status: 0, engine: 'spark', cells: [{ differing: 0 }, { differing: 0 }] })
    expect(spark).toEqual({ ...(await verify('--engine', 'duckdb')), engine: 'spark' })
    for (const { cells } of spark.cells) expect(cells).toBeGreaterThan(0)
  })

  it('knows only lines that were observed before a time', async () => {
    const known = (engine: string) =>
      run('query', 'hits', '--as-of', between, '--engine', engine, '--step', '1d', '--format', 'csv')
    const [spark, duckdb] = [await known('spark'), await known('duckdb')]
    expect(spark).toMatchObject({ status: 0, stdout: duckdb.stdout })
    expect(spark.stdout).toContain(',25,')
    expect(spark.stdout).not.toContain(',50,')
  })

  it('restates the windows of late lines, which are below its cut from then on', async () => {
    expect(await run('batch')).toMatchObject({ status: 0 })
    // Late lines now fall into windows above the cut of the run, which has ended.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    await sendLines(2, 4000)
    await server.counted()
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const spark = await verify('--engine', 'spark')
    expect(spark).toEqual({ ...(await verify('--engine', 'duckdb')), engine: 'spark' })
    expect(spark).toMatchObject({ status: 0, cells: [{ differing: 0 }, { differing: 0 }] })
    const explained = await verify('--engine', 'spark', '--count-late')
    expect(explained.status).toBe(0)
    for (const { differing, late } of explained.cells)
      expect([late, differing > 0]).toEqual([differing, true])
  })
})
