/** A broker of a test's own, with other settings than the cluster's: TLS and logins. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clusterAddress } from './cluster-addresses.ts'

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'

export class OwnKafka {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-own-kafka-'))
  readonly caFile = join(this.folder, 'cert.pem')
  readonly user = 'mill'
  readonly password = 'not so secret'
  #port = 0
  #child: ChildProcess | undefined

  /** It may not answer yet. */
  static async start(): Promise<OwnKafka> {
    const own = new OwnKafka()
    own.#port = await freePort()
    own.#makeCertificate()
    const settings = join(own.folder, 'server.properties')
    writeFileSync(settings, own.#settings(await freePort()))
    const scram = `SCRAM-SHA-256=[name=${own.user},password=${own.password}]`
    const format = ['format', '--cluster-id', 'bWlsbHJhY2Uta2Fma2EtMQ', '--config', settings]
    own.#java('kafka.tools.StorageTool', [...format, '--add-scram', scram])
    own.#child = spawn(...own.#command('kafka.Kafka', [settings]), { cwd: own.folder, stdio: 'ignore' })
    return own
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  #settings(controllerPort: number): string {
    const pem = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(this.folder, name), 'utf8')).join('')
    const login = `username="admin" password="admin"`
    const users = `user_admin="admin" user_${this.user}="${this.password}"`
    const one = { 'replication.factor': 1, 'min.isr': 1, 'num.partitions': 1 }
    const settings: Record<string, string | number> = {
      ...{ 'process.roles': 'broker,controller', 'node.id': 1, 'log.dirs': join(this.folder, 'topics') },
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `SASL_SSL://${this.address},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `SASL_SSL://${this.address}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'SASL_SSL',
      'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': `${PLAIN} required ${login} ${users};`,
      'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': `${SCRAM} required;`,
      ...{ 'ssl.keystore.type': 'PEM', 'ssl.truststore.type': 'PEM' },
      ...{ 'ssl.keystore.location': join(this.folder, 'store.pem'), 'ssl.truststore.location': this.caFile },
      'offsets.topic.replication.factor': 1,
    }
    for (const [name, value] of Object.entries(one)) settings[`transaction.state.log.${name}`] = value
    writeFileSync(join(this.folder, 'store.pem'), pem)
    return Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
  }

  #makeCertificate(): void {
    const names = ['-subj', '/CN=millrace test', '-addext', 'subjectAltName=IP:127.0.0.1']
    const files = ['-keyout', join(this.folder, 'key.pem'), '-out', this.caFile]
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...names,
      ...files,
    ])
    if (made.status !== 0) throw new Error(`no certificate: ${made.stderr}`)
  }

  #java(name: string, args: readonly string[]): void {
    const ended = spawnSync(...this.#command(name, args), { cwd: this.folder })
    if (ended.status !== 0)
      throw new Error(`${name} ended with ${ended.status}: ${ended.stderr}${ended.stdout}`)
  }

  #command(name: string, args: readonly string[]): [string, string[]] {
    const { home, javaHome } = clusterAddress('kafka')
    const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(home, 'lib/*')]
    return [join(javaHome, 'bin/java'), [...options, name, ...args]]
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
