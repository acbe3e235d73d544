/** An HDFS of a test's own, with other settings than the cluster's: permissions and TLS; one DataNode. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 90_000
const PASSWORD = 'changeit'
const SITE = {
  'dfs.permissions.enabled': 'true',
  'dfs.replication': '1',
  'dfs.http.policy': 'HTTP_AND_HTTPS',
}

interface ProcessSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  check(): Promise<unknown>
}

interface Place {
  readonly data: string
  readonly javaHome: string
  port(offset: number): number
}

/** Plain JavaScript without types. */
const script = (name: string) => import(new URL(`../../scripts/cluster/${name}`, import.meta.url).href)

export class OwnHdfs {
  readonly folder: string
  readonly http: string
  readonly https: string
  /** The superuser. */
  readonly user = 'millrace'
  /** PEM of the authority that signed the certificates. */
  readonly caFile: string
  readonly #specs: readonly ProcessSpec[]
  readonly #running = new Map<string, ChildProcess>()

  private constructor(folder: string, place: Place, specs: readonly ProcessSpec[], caFile: string) {
    this.folder = folder
    this.http = `http://127.0.0.1:${place.port(70)}`
    this.https = `https://127.0.0.1:${place.port(71)}`
    this.caFile = caFile
    this.#specs = specs
  }

  static async start(portBase: number): Promise<OwnHdfs> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-own-hdfs-'))
    const { hdfs } = await script('hdfs.mjs')
    const { placeEngine } = await script('place.mjs')
    mkdirSync(join(folder, 'hdfs'), { recursive: true })
    const place = (await placeEngine(hdfs, { folder, portBase })) as Place
    hdfs.prepare(place)
    const caFile = makeCertificate(place)
    writeSettings(place, 'namenode', { 'dfs.namenode.https-address': `127.0.0.1:${place.port(71)}` })
    writeSettings(place, 'datanode1', { 'dfs.datanode.https.address': `127.0.0.1:${place.port(113)}` })
    const own = new OwnHdfs(folder, place, hdfs.processes(place), caFile)
    await own.launch('namenode')
    await own.launch('datanode1')
    return own
  }

  /** Resolves when it answers. */
  async launch(name: string): Promise<void> {
    const spec = this.#specs.find((one) => one.name === name)!
    const { command, args, cwd } = spec
    const child = spawn(command, args, { cwd, env: { ...process.env, ...spec.env }, stdio: 'ignore' })
    this.#running.set(name, child)
    const giveUpMs = Date.now() + START_MS
    for (;;) {
      try {
        await spec.check()
        return
      } catch (error) {
        if (Date.now() > giveUpMs) throw error
        await sleep(200)
      }
    }
  }

  async kill(name: string): Promise<void> {
    const child = this.#running.get(name)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    for (const name of this.#running.keys()) await this.kill(name)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 })
  }

  /** Any WebHDFS operation, as the superuser unless another is named. */
  async ask(method: string, path: string, query: string, user = this.user): Promise<unknown> {
    const answer = await fetch(`${this.http}/webhdfs/v1${path}?user.name=${user}&${query}`, { method })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text === '' ? undefined : JSON.parse(text)
  }
}

function writeSettings({ data }: Place, name: string, more: Readonly<Record<string, string>>): void {
  const folder = join(data, 'settings', name)
  const path = join(folder, 'hdfs-site.xml')
  const properties = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .map(([name, value]) => `<property><name>${name}</name><value>${value}</value></property>\n`)
      .join('')
  // Of two properties of one name the last one counts.
  const site = readFileSync(path, 'utf8')
  writeFileSync(path, site.replace('</configuration>', `${properties({ ...SITE, ...more })}</configuration>`))
  const server = {
    'ssl.server.keystore.location': join(data, 'keys.p12'),
    'ssl.server.keystore.type': 'pkcs12',
    'ssl.server.keystore.password': PASSWORD,
    'ssl.server.keystore.keypassword': PASSWORD,
  }
  writeFileSync(join(folder, 'ssl-server.xml'), `<configuration>\n${properties(server)}</configuration>\n`)
}

/** Signed by itself, so that it is its own authority. */
function makeCertificate({ data, javaHome }: Place): string {
  const keytool = (...args: string[]) => {
    const store = ['-keystore', join(data, 'keys.p12'), '-storetype', 'pkcs12', '-storepass', PASSWORD]
    const { status, stdout, stderr } = spawnSync(join(javaHome, 'bin/keytool'), [...args, ...store], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`keytool: ${stdout}${stderr}`)
  }
  const names = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost']
  keytool('-genkeypair', '-alias', 'server', '-keyalg', 'RSA', '-validity', '30', ...names)
  keytool('-exportcert', '-rfc', '-alias', 'server', '-file', join(data, 'ca.pem'))
  return join(data, 'ca.pem')
}
