/** A folder with a small pipeline, for following docs/guides/recovery.md: lines by way of each door, commands as printed, and totals. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { type Ended, makeFolder, millrace } from '../cli/run-cli.ts'
import { inputOf } from '../contract/archive-lines.ts'
import { Serving } from '../server/serving.ts'

export const RULE = 'format: json, time: { field: ts, layout: epoch_ms }'

const defaults = { sources: `  web: { ${RULE} }`, from: 'web', more: '' }

export class RecoveryPlace {
  readonly cwd = makeFolder()
  /** What the page says of the case. */
  readonly #text: string
  #server: Serving | undefined

  constructor(text: string, options: Partial<typeof defaults> = {}) {
    this.#text = text
    this.define(options)
  }

  define(options: Partial<typeof defaults> = {}): void {
    const { sources, from, more } = { ...defaults, ...options }
    const metric = `hits: { source: ${from}, window: 1m, allowed_lateness: 1h, measures: { n: count() } }`
    const serve = 'serve: { listen: "127.0.0.1:0" }'
    writeFileSync(
      this.path('millrace.yaml'),
      `sources:\n${sources}\nmetrics:\n  ${metric}\n${serve}\n${more}`,
    )
  }

  path(name: string): string {
    return join(this.cwd, name)
  }

  /** Runs a command that stands on the page, with what its reader has to add. */
  async run(command: string, ...more: readonly string[]): Promise<Ended> {
    expect(this.#text, 'the page names the command').toMatch(
      new RegExp(`[\`$] ?${escaped(command)}(?=[\`\n])`),
    )
    return millrace([...command.split(' ').slice(1), ...more], { cwd: this.cwd })
  }

  async succeed(command: string, ...more: readonly string[]): Promise<string> {
    const ended = await this.run(command, ...more)
    expect(ended, command).toMatchObject({ status: 0 })
    return ended.stdout + ended.stderr
  }

  /** The command in a message of ours, run by a shell. */
  runFromMessage(message: string, beginning: string): void {
    const command = [...message.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1]!)
      .find((one) => one.startsWith(beginning))
    expect(command, message).toBeDefined()
    expect(spawnSync('bash', ['-c', command!], { cwd: this.cwd, encoding: 'utf8' })).toMatchObject({
      status: 0,
    })
  }

  async serve(): Promise<Serving> {
    this.#server = await Serving.start(this.cwd)
    return this.#server
  }

  get server(): Serving {
    return this.#server!
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#server?.stop(signal)
  }

  /** Gives the offset of the first line. */
  async post(count: number, source = 'web'): Promise<number> {
    const answer = await this.server.send(source, linesOf(count))
    expect(answer.status, this.server.said).toBe(200)
    await this.server.counted()
    return Number(answer.body['first_offset'])
  }

  /** As `millrace ingest` would, which costs a process. */
  async ingest(count: number, { data = '.millrace', mirror = '' } = {}): Promise<void> {
    const archive = new FilesArchive({
      dataDir: this.path(data),
      ...(mirror && { mirror: this.path(mirror) }),
    })
    await archive.ingest('web', [inputOf('lines', linesOf(count))], { repeats: 'again' })
    await archive.acknowledge('web')
  }

  /** What waits in the log, and all that was counted. */
  async archive(): Promise<void> {
    expect(await millrace(['batch'], { cwd: this.cwd })).toMatchObject({ status: 0 })
  }

  /** By the query of docs/archive.md, into lines.log, from a given offset. */
  async readBlocks(folder: string, fromOffset = 0): Promise<void> {
    const page = readFileSync(new URL('../../docs/archive.md', import.meta.url), 'utf8')
    const sql = /```sql\n(.*?);\n```/s.exec(page)![1]!.replace('.millrace/archive/web', this.path(folder))
    const connection = await (await DuckDBInstance.create()).connect()
    const reader = await connection.runAndReadAll(sql)
    const rows = reader.getRowObjectsJS().filter(({ offset }) => Number(offset) >= fromOffset)
    writeFileSync(this.path('lines.log'), rows.map(({ line }) => `${line}\n`).join(''))
    connection.closeSync()
  }

  /** One of those that hold totals. */
  async dropTable(): Promise<void> {
    const instance = await DuckDBInstance.create(this.path('.millrace/report.duckdb'))
    const connection = await instance.connect()
    const find = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'totals_%'"
    const [row] = (await connection.runAndReadAll(find)).getRowObjectsJS()
    await connection.run(`DROP TABLE millrace.${row!.table_name}`)
    connection.closeSync()
    instance.closeSync()
  }

  async total(): Promise<number> {
    const { stdout, stderr } = await millrace(['query', 'hits', '--step', '1y', '--json'], { cwd: this.cwd })
    if (stdout === '') throw new Error(stderr)
    return (JSON.parse(stdout) as { n: number }[]).reduce((sum, { n }) => sum + n, 0)
  }
}

export const linesOf = (count: number) => `{"ts":${Date.now()}}\n`.repeat(count)

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
