/** A disk that fills under a server: it says so, loses nothing that it acked, and goes on by itself when there is room. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { seeded } from '../contract/random-groups.ts'
import { Serving } from './serving.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer, user: string } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { user: user }
    measures: { n: count(), ids: sum(id), spread: quantiles(id) }
    allowed_lateness: 1s
serve: { listen: "127.0.0.1:0", restate: scheduled }
`
const BATCH_LINES = 200
const SMALL = 'size=12m'
const SMALL_LOG = 'size=2m'
const LARGE = 'remount,size=400m'

const mounted: string[] = []
const disks: SmallDisk[] = []
afterEach(async () => {
  for (const { server } of disks.splice(0)) await server.stop('SIGKILL')
  for (const path of mounted.splice(0)) spawnSync('umount', [path])
})

function tryMount(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true })
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0
  if (done && !options.includes('remount')) mounted.push(path)
  return done
}

const canMount = (() => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-mount-'))
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status === 0
  if (done) spawnSync('umount', [path])
  rmSync(path, { recursive: true, force: true })
  return done
})()
if (!canMount) console.log('skipped: a full disk under a server, since nothing may be mounted here')

const random = seeded(1)

/** Lines that hardly compress, of many users, so that every file grows. */
function writeBatch(first: number): string {
  const now = Date.now()
  const lines = Array.from({ length: BATCH_LINES }, (_, index) => {
    const pad = Buffer.from(Array.from({ length: 90 }, () => random() * 256)).toString('base64')
    return JSON.stringify({ ts: now, id: first + index, user: `u${Math.floor(random() * 500)}`, pad })
  })
  return `${lines.join('\n')}\n`
}

/** A server whose data folder, or a part of it, is a small disk of its own, and a client that repeats what was not acked. */
class SmallDisk {
  readonly cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  readonly data = join(this.cwd, '.millrace')
  server!: Serving
  acked = 0
  #text: string | undefined

  /** `place` of the data folder is the small disk. */
  async start(place = '.', size = SMALL): Promise<void> {
    disks.push(this)
    tryMount(join(this.data, place), size)
    this.server = await Serving.start(this.cwd)
  }

  /** Gives the status, and where it is not 200 how long to wait. */
  async send(): Promise<{ status: number; retryAfter: string | null; text: string }> {
    this.#text ??= writeBatch(this.acked)
    const answer = await fetch(`${this.server.url}/v1/ingest/web`, {
      ...{ method: 'POST', body: this.#text },
      headers: { 'Idempotency-Key': `b${this.acked}` },
    })
    const text = await answer.text()
    if (answer.status === 200) {
      this.acked += BATCH_LINES
      this.#text = undefined
    }
    return { status: answer.status, retryAfter: answer.headers.get('Retry-After'), text }
  }

  /** The statuses of /healthz and /readyz. */
  async watched(): Promise<number[]> {
    const answers = ['healthz', 'readyz'].map((path) => fetch(`${this.server.url}/${path}`))
    return (await Promise.all(answers)).map(({ status }) => status)
  }

  /** Of what the log holds at the moment. */
  logBytes(): number {
    const folder = join(this.data, 'log/web')
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
    return segments.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  }

  /** Takes all room but so much. */
  fill(leftBytes: number): void {
    const { bavail, bsize } = statfsSync(this.data)
    writeFileSync(join(this.data, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)))
  }

  empty(): void {
    rmSync(join(this.data, 'filler'), { force: true })
  }

  /** Room comes back: nothing else is done to the server. */
  async recover(): Promise<void> {
    this.empty()
    tryMount(this.data, LARGE)
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      if ((await this.send()).status === 200) return
      await sleep(200)
    }
    throw new Error(`it does not go on: ${this.server.said}`)
  }

  async expectAllOnce(): Promise<void> {
    await this.server.counted()
    const { stdout } = await millrace(['--json', 'ledger'], { cwd: this.cwd })
    const [{ ledger }] = JSON.parse(stdout)
    // What was refused for long is late when it is taken.
    expect([ledger.appended, ledger.counted + ledger.late]).toEqual([this.acked, this.acked])
    const verified = await millrace(['verify'], { cwd: this.cwd })
    expect(verified.stdout + verified.stderr).toContain('all cells are equal')
    expect(await this.server.stop()).toBe(0)
    expect((await millrace(['batch'], { cwd: this.cwd })).status).toBe(0)
    expect(await this.sum()).toEqual({ n: this.acked, ids: (this.acked * (this.acked - 1)) / 2 })
  }

  async sum(): Promise<{ n: number; ids: number }> {
    const args = ['query', 'requests', '--step', '1y', '--by', '', '--measures', 'n,ids', '--json']
    const { stdout, stderr } = await millrace(args, { cwd: this.cwd })
    const rows: { n: number; ids: number }[] = stdout === '' ? [] : JSON.parse(stdout)
    if (rows.length === 0) throw new Error(stderr)
    return rows.reduce((all, { n, ids }) => ({ n: all.n + n, ids: all.ids + ids }), { n: 0, ids: 0 })
  }
}

describe.skipIf(!canMount)(
  'a full disk under a server (needs the right to mount)',
  { timeout: 400_000 },
  () => {
    it('by lines: 503 while the log drains into the archive, totals can be read, and it goes on', async () => {
      const disk = new SmallDisk()
      await disk.start('.', 'size=40m')
      disk.fill(13_000_000)
      let refused: Awaited<ReturnType<SmallDisk['send']>> | undefined
      let empty = 0
      // It takes lines again whenever the log has drained, until archive and report have filled the disk.
      for (const end = Date.now() + 90_000; empty < 10 && Date.now() < end; ) {
        const answer = await disk.send()
        if (answer.status !== 200) {
          refused = answer
          await sleep(200)
        }
        empty = answer.status !== 200 && disk.logBytes() < 1000 ? empty + 1 : 0
      }
      expect(empty, disk.server.said).toBe(10)
      expect(refused?.status).toBe(503)
      expect(Number(refused?.retryAfter)).toBeGreaterThan(0)
      expect(refused?.text).toMatch(
        /LOG_DISK_FULL.* nearly full: \d\.\d MiB are free, and 4\.0 MiB are kept back/,
      )
      expect(await disk.watched()).toEqual([503, 503])
      await disk.server.counted()
      expect((await disk.sum()).n).toBeGreaterThan(0)
      await disk.recover()
      expect((await disk.watched())[0]).toBe(200)
      await disk.expectAllOnce()
    })

    it('a log on a small drive of its own takes far more than fits on it, with nothing done to it', async () => {
      const disk = new SmallDisk()
      await disk.start('log', SMALL_LOG)
      let refused = 0
      // Some 5 MB.
      for (const end = Date.now() + 90_000; disk.acked < 30_000 && Date.now() < end; ) {
        if ((await disk.send()).status === 200) continue
        refused += 1
        await sleep(100)
      }
      expect(refused).toBeGreaterThan(0)
      expect(disk.acked).toBe(30_000)
      await disk.expectAllOnce()
    })

    it('by others, with nothing left: commits and the archive fail, and go on', async () => {
      const disk = new SmallDisk()
      await disk.start()
      for (let batch = 0; batch < 10; batch++) expect((await disk.send()).status).toBe(200)
      await disk.server.counted()
      const hasFailed = () => /tries again: .*No space left on device/.test(disk.server.said)
      // Lines that were acked and not yet counted when the room went.
      for (const end = Date.now() + 60_000; !hasFailed() && Date.now() < end; ) {
        disk.empty()
        if ((await disk.send()).status !== 200) continue
        disk.fill(0)
        for (let look = 0; look < 30 && !hasFailed(); look++) await sleep(100)
      }
      expect(hasFailed(), disk.server.said).toBe(true)
      expect(await disk.send()).toMatchObject({ status: 503 })
      const batch = await millrace(['batch'], { cwd: disk.cwd })
      expect(batch.status).toBe(1)
      expect(batch.stderr).toMatch(/the disk is full|could not bring all lines of its log into the archive/)
      expect((await disk.sum()).n).toBeGreaterThan(0)
      await disk.recover()
      await disk.expectAllOnce()
    })
  },
)
