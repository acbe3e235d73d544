/** Reading totals: query, export, runs, rejects, explain, scrub. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { BIN, DEFINITION, LINES, makeComputed, makeFolder, millrace } from './run-cli.ts'

let cwd: string
beforeAll(async () => {
  cwd = await makeComputed()
})

const HEADER = 'window_start,service,requests,errors,duration_p50,duration_p95,duration_p99,error_rate'

describe('query', () => {
  it('gives CSV in order of window and dimensions', async () => {
    const { status, stdout, stderr } = await millrace(['query', 'http.requests', '--format', 'csv'], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [header, ...rows] = stdout.trimEnd().split('\n')
    expect(header).toBe(HEADER)
    expect(rows.map((row) => row.split(',').slice(0, 4).join())).toEqual([
      '2026-03-02T10:00:00Z,shop,2,1',
      '2026-03-02T10:01:00Z,search,1,0',
      '2026-03-02T10:01:00Z,shop,1,0',
    ])
  })

  it('merges to a coarser step and fewer dimensions', async () => {
    const args = ['--step', '1h', '--by', '', '--measures', 'requests,error_rate', '--format', 'csv']
    const { stdout } = await millrace(['query', 'http.requests', ...args], { cwd })
    expect(stdout).toBe('window_start,requests,error_rate\n2026-03-02T10:00:00Z,4,0.25\n')
  })

  it('takes a range, a condition and quantiles', async () => {
    const args = [
      '--from',
      '2026-03-02T10:01:00Z',
      '--to',
      '2026-03-02T10:02:00Z',
      '--where',
      "service = 'shop'",
    ]
    const { stdout } = await millrace(
      ['query', 'http.requests', ...args, '--quantiles', '0.9', '--measures', 'duration', '--json'],
      { cwd },
    )
    expect(JSON.parse(stdout)).toEqual([
      { window_start: '2026-03-02T10:01:00Z', service: 'shop', duration_p90: expect.closeTo(30, 0) },
    ])
  })

  it('draws a table by default', async () => {
    const { stdout } = await millrace(['query', 'http.requests', '--measures', 'requests'], { cwd })
    expect(stdout).toMatch(/^window_start +service +requests\n-+ +-+ +-+\n2026-03-02T10:00:00Z +shop +2\n/)
  })

  it.each([
    [['--by', 'servce'], 'Did you mean service?'],
    [['--measures', 'request'], 'Did you mean requests?'],
    [['--quantiles', '2'], '2 is not a quantile'],
    [['--where', 'status = 1'], 'may use the dimensions only'],
    [['--step', '90s'], '90s'],
    [['--step', 'tomorrow'], 'tomorrow'],
    [['--timezone', 'Mars/Olympus'], 'Mars/Olympus'],
    [['--from', '2026-03-03', '--to', '2026-03-02'], 'holds no time'],
  ])('refuses %j', async (args, message) => {
    const { status, stdout, stderr } = await millrace(['query', 'http.requests', ...args], { cwd })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('says when the range cuts a step', async () => {
    const args = ['query', 'http.requests', '--step', '1h', '--from', '2026-03-02T10:01:00Z']
    expect((await millrace(args, { cwd })).stderr).toContain(
      'Warning: The range begins at 2026-03-02T10:01:00Z, inside the step from 2026-03-02T10:00:00Z, of which only windows that begin within the range are counted.',
    )
    for (const whole of [
      ['--step', '1h', '--from', '2026-03-02T10:00:00Z'],
      ['--step', '1h', '--to', '2026-03-02T10:59:59Z'],
      ['--step', '1d', '--timezone', 'Europe/Berlin', '--to', '2026-03-02T22:59:59Z'],
      ['--to', '2026-03-02T10:00:30Z'],
    ])
      expect((await millrace(['query', 'http.requests', ...whole], { cwd })).stderr).toBe('')
  })

  it('says when no window begins in the range', async () => {
    const range = ['--from', '2026-03-02T10:00:10Z', '--to', '2026-03-02T10:00:50Z']
    const { stderr } = await millrace(['query', 'http.requests', ...range], { cwd })
    expect(stderr).toContain('the metric counts in windows of 1m.')
  })

  it('says when lines came after the last run', async () => {
    const other = await makeComputed()
    await millrace(['ingest', 'web', '-', '--again'], { cwd: other, stdin: `${LINES}{}\n` })
    const { status, stdout, stderr } = await millrace(['query', 'http.requests', '--format', 'csv'], {
      cwd: other,
    })
    expect(status).toBe(0)
    expect(stdout).toContain('2026-03-02T10:00:00Z,shop,2,1')
    expect(stderr).toContain(
      'Warning: 7 lines of web are not in the totals of http.requests yet; `millrace serve`',
    )
  })

  it('says when lines came after the run by which only some windows stand', async () => {
    const other = await makeComputed()
    await millrace(['ingest', 'web', '-', '--again'], { cwd: other, stdin: `${LINES}{}\n` })
    const range = ['--from', '2026-03-02T10:00:00Z', '--to', '2026-03-02T10:01:00Z']
    await millrace(['batch', ...range], { cwd: other })
    const whole = await millrace(['query', 'http.requests'], { cwd: other })
    expect(whole.stderr).toContain(
      'Warning: Some of these windows stand by revision 1 of http.requests, and 7 lines of web came after it: those that',
    )
    expect((await millrace(['query', 'http.requests', ...range], { cwd: other })).stderr).toBe('')
    const { stdout } = await millrace(['status'], { cwd: other })
    expect(stdout).toContain('7 lines behind')
  })

  it('says when the definition has another meaning than the totals', async () => {
    const other = await makeComputed()
    writeFileSync(join(other, 'millrace.yaml'), DEFINITION.replace('status >= 500', 'status >= 400'))
    const { status, stderr } = await millrace(['query', 'http.requests'], { cwd: other })
    expect(status).not.toBe(0)
    expect(stderr).toContain('millrace batch')
  })

  it('says when there are no totals yet', async () => {
    const { status, stderr } = await millrace(['query', 'http.requests'], {
      cwd: makeFolder({ 'millrace.yaml': DEFINITION }),
    })
    expect(status).toBe(1)
    expect(stderr).toContain('There are no totals yet')
  })

  it('ends quietly when its reader stops, and loudly when it cannot write', () => {
    const run = (tail: string) =>
      spawnSync('bash', ['-c', `"${process.execPath}" "${BIN}" query http.requests ${tail}`], {
        cwd,
        encoding: 'utf8',
      })
    expect(run('| true; exit ${PIPESTATUS[0]}')).toMatchObject({ status: 0, stderr: '' })
    const full = run('> /dev/full')
    expect(full.status).toBe(1)
    expect(full.stderr).toContain('Cannot write the result')
  })
})

describe('export', () => {
  it('writes CSV like the query does', async () => {
    const args = ['export', 'http.requests', '--format', 'csv', '--out', 'totals.csv', '--json']
    const { status, stdout } = await millrace(args, { cwd })
    expect(status).toBe(0)
    const told = { metric: 'http.requests', rows: 3, out: 'totals.csv', format: 'csv', revision: 1 }
    expect(JSON.parse(stdout)).toMatchObject(told)
    const query = await millrace(['query', 'http.requests', '--format', 'csv'], { cwd })
    expect(readFileSync(join(cwd, 'totals.csv'), 'utf8')).toBe(query.stdout)
  })

  it('tells what the totals lack, as the query does', async () => {
    const later = makeFolder({})
    cpSync(cwd, later, { recursive: true })
    writeFileSync(join(later, 'more.log'), `${LINES.split('\n')[0]}\n`)
    await millrace(['ingest', 'web', 'more.log', '--again'], { cwd: later })
    const args = ['export', 'http.requests', '--format', 'csv', '--out', 'totals.csv', '--json']
    const { stdout, stderr } = await millrace(args, { cwd: later })
    expect(JSON.parse(stdout).warnings.join()).toContain('1 line of web')
    expect(stderr).toContain('millrace: Warning: 1 line of web')
  })

  it('writes Parquet and leaves no scratch files', async () => {
    const args = ['export', 'http.requests', '--format', 'parquet', '--out', 'totals.parquet']
    expect(await millrace(args, { cwd })).toMatchObject({ status: 0, stdout: '' })
    expect(readFileSync(join(cwd, 'totals.parquet')).subarray(0, 4).toString()).toBe('PAR1')
    const scratch = join(cwd, '.millrace/tmp')
    expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([])
  })

  it('says why it cannot write', async () => {
    const args = ['export', 'http.requests', '--format', 'csv', '--out', 'nowhere/totals.csv']
    const { status, stderr } = await millrace(args, { cwd })
    expect(status).toBe(1)
    expect(stderr).toContain('nowhere/totals.csv')
  })
})

describe('rejects', () => {
  it('shows the line, its place and the reason', async () => {
    const { status, stdout } = await millrace(['rejects', 'web'], { cwd })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^offset +block +reason +field +metric +line\n +3 +0\S+\.parquet +invalid_json +this is not JSON\n$/,
    )
  })

  it('gives them as JSON', async () => {
    const { stdout } = await millrace(['rejects', 'web', '--json'], { cwd })
    expect(JSON.parse(stdout)).toEqual({
      source: 'web',
      total: 1,
      lines: [
        {
          ...{ block: expect.stringMatching(/\.parquet$/), offset: 3, metric: null },
          ...{ reason: 'invalid_json', field: null, raw: 'this is not JSON' },
        },
      ],
    })
  })

  it('names the metric and the field of a bad value, and keeps bytes exact', async () => {
    const bad = LINES.replace('"status":503', '"status":"many"')
    const other = makeFolder({ 'millrace.yaml': DEFINITION })
    const stdin = Buffer.concat([Buffer.from(bad), Buffer.from([0x7b, 0xff, 0x7d, 0x0a])])
    await millrace(['ingest', 'web', '-'], { cwd: other, stdin })
    await millrace(['batch'], { cwd: other })
    const { stdout } = await millrace(['rejects', 'web', '--json'], { cwd: other })
    expect(JSON.parse(stdout).lines).toMatchObject([
      { offset: 1, metric: 'http.requests', reason: 'invalid_field', field: 'status' },
      { offset: 3, metric: null, reason: 'invalid_json' },
      {
        offset: 6,
        metric: null,
        reason: 'invalid_utf8',
        rawBase64: Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'),
      },
    ])
    const limited = await millrace(['rejects', 'web', '--limit', '1'], { cwd: other })
    expect(limited.stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(limited.stderr).toContain('1 line of 3')
  })
})

it('lists runs, newest first', async () => {
  const other = await makeComputed()
  await millrace(['batch', '--from', '2026-03-02T10:01:00Z'], { cwd: other })
  const { stdout } = await millrace(['runs', '--json'], { cwd: other })
  expect(JSON.parse(stdout).map(({ revision }: { revision: number }) => revision)).toEqual([2, 1])
  const table = await millrace(['runs'], { cwd: other })
  expect(table.stdout).toMatch(/^revision .*\n +2 .*2026-03-02T10:01:00Z\.\.\S* .*\n +1 .* all .*\n$/)
})

it('explains a metric without any data', async () => {
  const other = makeFolder({ 'millrace.yaml': DEFINITION })
  const { status, stdout } = await millrace(['explain', 'http.requests'], { cwd: other })
  expect(status).toBe(0)
  expect(stdout).toMatch(/^metric +http\.requests, version [0-9a-f]{16}\n/)
  expect(stdout).toContain("where      path <> '/health'")
  expect(stdout).toMatch(/-- parse web\nSELECT /)
  expect(stdout).toMatch(/-- tally base of http\.requests\nSELECT /)
  const json = JSON.parse((await millrace(['explain', 'http.requests', '--json'], { cwd: other })).stdout)
  expect(json.plan.metrics[0].metric).toBe('http.requests')
  expect(json.statements.every(({ title, sql }: Record<string, unknown>) => title && sql)).toBe(true)
})

it('explains a metric in the SQL of the engine that the definition names', async () => {
  const other = makeFolder({ 'millrace.yaml': `${DEFINITION}batch: { spark: 'spark://master:7077' }\n` })
  const { status, stdout } = await millrace(['explain', 'http.requests'], { cwd: other })
  expect(status).toBe(0)
  expect(stdout).toMatch(/-- parse web\nCACHE TABLE /)
  expect(stdout).toMatch(/-- tally base of http\.requests\nSELECT /)
  expect(stdout).toContain('try_parse_json(')
  expect(stdout).not.toContain('read_json')
})

describe('scrub', () => {
  const mirrored = `${DEFINITION}archive: { mirror: ./copy }\n`
  const prepare = async (definition: string) => {
    const folder = makeFolder({ 'millrace.yaml': definition, 'web.log': LINES })
    await millrace(['ingest', 'web', 'web.log'], { cwd: folder })
    const blocks = join(folder, '.millrace/archive/web/blocks')
    return { folder, block: join(blocks, readdirSync(blocks)[0]!) }
  }

  it('finds nothing wrong in a sound archive', async () => {
    const { folder } = await prepare(DEFINITION)
    const { status, stdout, stderr } = await millrace(['scrub'], { cwd: folder })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: 'web: 1 block checked.\n' })
  })

  it('heals a damaged block from the mirror', async () => {
    const { folder, block } = await prepare(mirrored)
    truncateSync(block, 100)
    const { status, stdout } = await millrace(['scrub', '--json'], { cwd: folder })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { source: 'web', blocks: 1, findings: [{ copy: 'primary', fault: 'damaged', outcome: 'healed' }] },
    ])
    expect(await millrace(['batch'], { cwd: folder })).toMatchObject({ status: 0 })
  })

  it('ends with status 1 when a block is lost, and batch refuses to go on', async () => {
    const { folder, block } = await prepare(DEFINITION)
    appendFileSync(block, 'x')
    const { status, stdout, stderr } = await millrace(['scrub'], { cwd: folder })
    expect(status).toBe(1)
    expect(stdout).toMatch(/primary +damaged +lost\n$/)
    expect(stderr).toContain('1 block lost')
    const batch = await millrace(['batch'], { cwd: folder })
    expect(batch.status).toBe(1)
    expect(batch.stderr).toContain('cannot be trusted')
  })
})
