/** docs/guides/recovery.md, followed: its cases are met on the embedded engines and its commands run as printed; the rest names who follows it. */
import { readFileSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, truncate } from 'node:fs/promises'
import { afterEach, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { linesOf, RecoveryPlace, RULE } from './recovery-place.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/guides/recovery.md', root), 'utf8')

/** Parts of a case. */
const LABELS = /^(How it shows|What to do|Afterwards|The numbers afterwards|First make sure|Then look at)/
/** By case, what the page says of it: from its heading, or bold beginning, up to the next one. */
const cases = new Map<string, string>()
let last = ''
for (const part of page.split(/^(?=## |(?:- )?\*\*)/m)) {
  const title = /^(?:## (.*)|(?:- )?\*\*(.*?)\*\*)/.exec(part)?.slice(1).find(Boolean)
  if (title !== undefined && !LABELS.test(title)) last = title
  // A heading over cases is none itself.
  if (last === '' || part.trim() === `## ${last}`) continue
  cases.set(last, `${cases.get(last) ?? ''}${part}`)
}

/** Cases that need other engines, or that a test near the code follows, by file and a part of the test's name. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'The newest manifest in HDFS was deleted or damaged.': [
    'cluster/disaster-day',
    'an older manifest is put back in HDFS',
  ],
  'An older manifest was put back': ['cluster/disaster-day', 'an older manifest is put back in HDFS'],
  'A topic expired.': ['cluster/disaster-day', 'the topic expires in part'],
  '`order.ndjson` was lost': ['cluster/disaster-day', 'the data folder is lost'],
  'An older data folder was put back.': [
    'cluster/kafka-held',
    'goes on where the archive ends when an older order',
  ],
  'An older archive was put back beside a log on Kafka.': [
    'cluster/kafka-return',
    'reads from the topic what an older archive lacks',
  ],
  'An older copy of the report was put back.': ['cluster/disaster-day', 'PostgreSQL is put back'],
  'A topic was deleted and made again': ['cluster/kafka-held', 'goes on in a topic that was made again'],
  REPORT_FOREIGN_TABLE: ['cluster/postgres-lost', 'where something else has the name'],
  REPORT_OWN_TABLE_LOST: ['cluster/postgres-lost', 'or its own account is lost'],
}

let place: RecoveryPlace
afterEach(() => place.stop('SIGKILL'))

const followed: string[] = []
type Options = ConstructorParameters<typeof RecoveryPlace>[1]

function follow(title: string, act: () => Promise<void>, options: Options = {}): void {
  followed.push(title)
  it(`follows: ${title}`, async () => {
    place = new RecoveryPlace(cases.get(title)!, options)
    await act()
  })
}

follow('Lines are lost', async () => {
  await place.ingest(3)
  await place.serve()
  await place.post(5)
  await place.stop('SIGKILL')
  await rm(place.path('.millrace/log/web'), { recursive: true })
  await place.serve()
  await expect.poll(() => place.server.said).toContain('The report has counted 8 lines of source web')
  await place.stop()
  expect(await place.run('millrace batch')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('web'),
  })
  expect((await place.run('millrace accept-loss web')).stderr).toContain(
    'a folder that was deleted cannot be told',
  )
  const accepted = await place.succeed('millrace accept-loss web --deleted .millrace/log/web --yes')
  expect(accepted).toMatch(/web: 5 lines are neither[\s\S]*3\.\.8 +5 /)
  await place.serve()
  expect(await place.post(2)).toBe(8)
  expect(await place.total()).toBe(10)
  await place.stop()
  expect((await place.run('millrace verify')).stderr).toContain('hold 5 lines of source web that were lost')
  await place.succeed('millrace batch --replace')
  expect(await place.total()).toBe(5)
  expect((await place.run('millrace status')).stdout).toContain('lost 5 lines for good')
  expect(await place.succeed('millrace ledger')).toMatch(/web +hits .* 5 +0 +yes/)
})

follow('If the lines turn up after all', async () => {
  await place.serve()
  await place.post(2)
  await place.stop('SIGKILL')
  await mkdir(place.path('elsewhere/log'), { recursive: true })
  await cp(place.path('.millrace/log/web'), place.path('elsewhere/log/web'), { recursive: true })
  await place.succeed('millrace --data elsewhere batch')
  await place.readBlocks('elsewhere/archive/web')
  await rm(place.path('.millrace'), { recursive: true })
  await place.ingest(3)
  await place.succeed('millrace ingest web lines.log')
  const { nextOffset } = (await new FilesArchive({ dataDir: place.path('.millrace') }).manifest('web'))!
  expect(nextOffset).toBe(5)
})

const MIRROR = { more: 'archive: { mirror: mirror }\n' }
const mirrored = { mirror: 'mirror' }

follow(
  'A block of the archive is damaged or missing',
  async () => {
    for (const count of [3, 4]) await place.ingest(count, mirrored)
    const folders = ['.millrace/archive/web/blocks', 'mirror/web/blocks'].map((name) => place.path(name))
    const name = (await readdir(folders[0]!)).sort()[0]!
    const damage = (folder: string) => truncate(`${folder}/${name}`, 10)
    await damage(folders[0]!)
    expect(await place.succeed('millrace scrub')).toMatch(/damaged +healed/)
    await place.succeed('millrace batch')
    for (const folder of folders) await damage(folder)
    expect(await place.run('millrace batch')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(name),
    })
    expect(await place.succeed('millrace accept-loss web', '--yes')).toMatch(/0\.\.3 +3 /)
    expect(await place.total()).toBe(7)
    await place.succeed('millrace batch --replace')
    expect(await place.total()).toBe(4)
  },
  MIRROR,
)

follow(
  'An older data folder beside a newer mirror.',
  async () => {
    await place.ingest(3, mirrored)
    await cp(place.path('.millrace'), place.path('older'), { recursive: true })
    await place.ingest(4, mirrored)
    await rm(place.path('.millrace'), { recursive: true })
    await rename(place.path('older'), place.path('.millrace'))
    await place.serve()
    expect(await place.post(2)).toBe(7)
  },
  MIRROR,
)

follow(
  'A mirror that is not mounted',
  async () => {
    await place.ingest(3, mirrored)
    await rename(place.path('mirror'), place.path('away'))
    await mkdir(place.path('mirror'))
    await expect(place.ingest(1, mirrored)).rejects.toMatchObject({ code: 'ARCHIVE_MIRROR_AWAY' })
    await place.serve()
    const refused = await place.server.send('web', linesOf(1))
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([503, expect.stringContaining('drive')])
    await place.stop()
    await place.succeed('millrace scrub')
    await place.ingest(1, mirrored)
    expect(await readdir(place.path('mirror/web/blocks'))).toHaveLength(2)
  },
  MIRROR,
)

follow(
  'A mirror of another data folder',
  async () => {
    await place.ingest(3, { ...mirrored, data: 'first' })
    await expect(place.ingest(1, mirrored)).rejects.toMatchObject({ code: 'ARCHIVE_MIRROR_OWNED' })
    await place.succeed('millrace scrub')
    await place.ingest(1, mirrored)
    const { nextOffset } = (await new FilesArchive({ dataDir: place.path('.millrace') }).manifest('web'))!
    expect(nextOffset).toBe(4)
  },
  MIRROR,
)

follow(
  'Data folder and mirror were each added to alone',
  async () => {
    await place.ingest(3, mirrored)
    for (const name of ['.millrace', 'mirror'])
      await cp(place.path(name), place.path(`${name}.old`), { recursive: true })
    await place.ingest(4, mirrored)
    await rename(place.path('mirror'), place.path('newer'))
    await rm(place.path('.millrace'), { recursive: true })
    for (const name of ['.millrace', 'mirror']) await rename(place.path(`${name}.old`), place.path(name))
    await place.ingest(2, mirrored)
    await rename(place.path('mirror'), place.path('older'))
    await rename(place.path('newer'), place.path('mirror'))
    await expect(place.ingest(1, mirrored)).rejects.toMatchObject({ code: 'ARCHIVE_MIRROR_PARTED' })
    await place.readBlocks('mirror/web', 3)
    await rename(place.path('mirror'), place.path('parted'))
    await mkdir(place.path('mirror'))
    await place.succeed('millrace scrub')
    await place.succeed('millrace ingest web lines.log')
    const { nextOffset } = (await new FilesArchive({ dataDir: place.path('.millrace') }).manifest('web'))!
    expect(nextOffset).toBe(3 + 2 + 4)
  },
  MIRROR,
)

follow('Log and archive hold other lines at one offset', async () => {
  await place.serve()
  await place.post(3)
  await place.stop('SIGKILL')
  await rename(place.path('.millrace'), place.path('other'))
  await place.ingest(5)
  await cp(place.path('other/log'), place.path('.millrace/log'), { recursive: true })
  await expect(place.serve()).rejects.toThrow('holds another line at offset')
  await rename(place.path('.millrace/log/web'), place.path('kept'))
  await place.serve()
  expect(await place.post(1)).toBe(5)
})

follow('The folder of a log was deleted, or an older copy of it put back.', async () => {
  await place.serve()
  const text = linesOf(3)
  await place.server.send('web', text, 'key')
  await place.stop()
  await place.archive()
  await rm(place.path('.millrace/log/web'), { recursive: true })
  await place.serve()
  expect((await place.server.send('web', text, 'key')).body).toMatchObject({ duplicate: true })
  expect(await place.post(1)).toBe(3)
  expect(await place.total()).toBe(4)
})

follow('Files of the log were deleted under a running server', async () => {
  await place.serve()
  await place.post(3)
  const folder = place.path('.millrace/log/web')
  const segment = (await readdir(folder)).find((name) => /^\d+/.test(name))!
  await rm(`${folder}/${segment}`)
  const line = linesOf(1)
  const refused = await place.server.send('web', line, 'key')
  expect(refused.status).toBe(503)
  place.runFromMessage(JSON.stringify(refused.body), 'mkdir ')
  await place.stop()
  await place.serve()
  expect((await place.server.send('web', line, 'key')).status).toBe(200)
  await place.server.counted()
  expect(await place.total()).toBe(4)
})

follow('`report.duckdb` was deleted or replaced under a running server', async () => {
  await place.serve()
  await place.post(3)
  await rm(place.path('.millrace/report.duckdb'))
  await place.server.send('web', linesOf(1))
  await expect
    .poll(() => place.server.said, { timeout: 20_000 })
    .toContain('was deleted or moved while it was open')
  await place.stop()
  await place.serve()
  await place.server.counted()
  expect(await place.total()).toBe(4)
})

follow('Tables of a report are lost', async () => {
  await place.ingest(3)
  await place.succeed('millrace batch')
  await place.dropTable()
  expect(await place.run('millrace query', 'hits')).toMatchObject({
    ...{ status: 1, stderr: expect.stringContaining('totals_') },
  })
  await place.succeed('millrace batch')
  expect(await place.total()).toBe(3)
})

const SITE = { sources: `  site: { was: web, ${RULE} }`, from: 'site' }

follow('A source has another name', async () => {
  await place.ingest(3)
  await place.succeed('millrace batch')
  place.define({ ...SITE, sources: `  site: { ${RULE} }` })
  expect(await place.succeed('millrace check')).toContain('was counted from source web')
  expect((await place.run('millrace batch')).stderr).toContain('write `was: web` under source site')
  place.define(SITE)
  await place.succeed('millrace batch')
  expect(await place.total()).toBe(3)
})

follow('If lines came under the new name already', async () => {
  await place.ingest(3)
  place.define({ ...SITE, sources: `  site: { ${RULE} }` })
  await place.serve()
  await place.post(2, 'site')
  await place.stop()
  place.define(SITE)
  await expect(place.serve()).rejects.toThrow('both')
  const printed = /```yaml\nsources:\n(.*?)```/s.exec(
    cases.get('If lines came under the new name already')!,
  )![1]!
  place.define({ ...SITE, sources: printed.replaceAll('format: json, time: ts', RULE) })
  await place.serve()
  await place.server.counted()
  await place.stop()
  await place.readBlocks('.millrace/archive/since')
  await place.succeed('millrace ingest site lines.log')
  await place.succeed('millrace batch --replace')
  expect(await place.total()).toBe(5)
})

follow('If a backup from before the rename is put back', async () => {
  await place.serve()
  await place.post(3)
  await place.stop()
  await cp(place.path('.millrace'), place.path('backup'), { recursive: true })
  place.define(SITE)
  await place.serve()
  await place.stop()
  await rm(place.path('.millrace'), { recursive: true })
  await rename(place.path('backup'), place.path('.millrace'))
  await place.serve()
  expect(await place.post(2, 'site')).toBe(3)
  expect(await place.total()).toBe(5)
})

it('names each case of the page, and who follows it', () => {
  expect([...new Set([...followed, ...Object.keys(ELSEWHERE)])].sort()).toEqual([...cases.keys()].sort())
  for (const [file, name] of Object.values(ELSEWHERE))
    expect(readFileSync(new URL(`test/${file}.cluster.test.ts`, root), 'utf8')).toContain(name)
})
