/** kill -9 at random moments of ingests: what was told is there, what was not is absent or known as a retry. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { build } from 'tsdown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { inputOf } from '../contract/archive-lines.ts'
import { seeded } from '../contract/random-groups.ts'
import { randomShare } from '../turn.ts'
import { contentOf, LIMITS, linesOfSeed } from './ingest-content.ts'

const { count: KILLS, seed: SEED } = randomShare('MILLRACE_KILLS', 30, 3)
/** A new archive now and then keeps reading it back quick, and lets kills fall into first ingests. */
const KILLS_PER_ARCHIVE = 6
const random = seeded(SEED)
const root = resolve(import.meta.dirname, '../..')
let folder: string
let child: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-ingest-crash-'))
  const entry = join(root, 'test/crash/ingest-child.ts')
  const outDir = join(folder, 'child')
  await build({
    config: false,
    entry,
    outDir,
    format: 'cjs',
    dts: false,
    logLevel: 'error',
    platform: 'node',
  })
  child = join(outDir, 'ingest-child.cjs')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Everything the child said until it was killed, some time after it had begun. */
async function ingestUntilKilled(dir: string, seed: number): Promise<string> {
  const env = { ...process.env, NODE_PATH: join(root, 'node_modules') }
  const ingester = spawn(process.execPath, [child, dir, String(seed)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const ended = new Promise((resolve) => ingester.once('close', resolve))
  await new Promise<void>((resolve) => {
    ingester.stdout.on('data', (chunk) => {
      said += chunk
      if (said.includes('begin')) resolve()
    })
    ingester.once('close', () => resolve())
  })
  setTimeout(() => ingester.kill('SIGKILL'), random() * 500)
  await ended
  return said
}

const openArchive = (dir: string) =>
  new FilesArchive({ dataDir: join(dir, 'data'), mirror: join(dir, 'mirror'), limits: LIMITS })

/** All lines in the order of their offsets, which must be without a gap. */
async function readLines(dir: string): Promise<string[]> {
  const archive = openArchive(dir)
  const paths: string[] = []
  for (const block of (await archive.manifest('web'))?.blocks ?? []) {
    paths.push(`'${await archive.verifiedPath('web', block)}'`)
  }
  if (paths.length === 0) return []
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sql = `select "offset", decode(raw) from read_parquet([${paths}]) order by "offset"`
  const rows = (await connection.runAndReadAll(sql)).getRows()
  connection.closeSync()
  instance.closeSync()
  for (const [index, [offset]] of rows.entries()) if (Number(offset) !== index) expect(offset).toBe(index)
  return rows.map(([, text]) => String(text))
}

const linesOf = (seeds: readonly number[]) => seeds.flatMap(linesOfSeed).join('\n')

it(
  `survives ${KILLS} kills: nothing told is lost, nothing counts twice`,
  async () => {
    const counts = { absent: 0, committedUntold: 0, toldUnacknowledged: 0, betweenIngests: 0 }
    let dir = ''
    let kept: number[] = []
    let next = 1
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill % KILLS_PER_ARCHIVE === 0) {
        dir = join(folder, `archive${kill}`)
        kept = []
      }
      const said = await ingestUntilKilled(dir, next)
      const seedsOf = (word: string) =>
        [...said.matchAll(new RegExp(`${word} (\\d+)`, 'g'))].map((m) => Number(m[1]))
      // The first may be the retry of a content that an earlier child had committed.
      for (const seed of seedsOf('again')) expect(kept.at(-1)).toBe(seed)
      kept.push(...seedsOf('added'))
      const begun = seedsOf('begin').at(-1)!
      const told = kept.at(-1) === begun && [...seedsOf('added'), ...seedsOf('again')].includes(begun)
      const found = (await readLines(dir)).join('\n')
      if (told) {
        expect(found).toBe(linesOf(kept))
        counts[seedsOf('acknowledged').includes(begun) ? 'betweenIngests' : 'toldUnacknowledged']++
        next = begun + 1
        continue
      }
      const before = kept.filter((seed) => seed !== begun)
      const isCommitted = found === linesOf([...before, begun])
      if (!isCommitted) expect(found).toBe(linesOf(before))
      counts[isCommitted ? 'committedUntold' : 'absent']++
      kept = isCommitted ? [...before, begun] : before
      next = begun
      if (kill % 2 === 0) continue
      // Every other time the retry comes from here: it says which of the two it was.
      const archive = openArchive(dir)
      const { repeated } = await archive.ingest('web', [inputOf('retry', contentOf(begun))])
      expect(repeated).toBe(isCommitted)
      await archive.acknowledge('web')
      expect((await archive.scrub('web')).findings).toEqual([])
      kept = [...before, begun]
      expect((await readLines(dir)).join('\n')).toBe(linesOf(kept))
      next = begun + 1
    }
    console.log(`${KILLS} kills:`, JSON.stringify(counts))
    expect(counts.absent).toBeGreaterThan(0)
  },
  KILLS * 10_000,
)
