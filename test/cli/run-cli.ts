/** Runs the built program as a user would: real processes on real files in a folder of the test's own. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const BIN = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))
if (!existsSync(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)))) {
  throw new Error('dist is missing: run `npm run build` first (npm test does)')
}

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly stdin?: string | Buffer
  /** Leaves standard input open, so that a command that reads it waits. */
  readonly holdInput?: boolean
  readonly env?: NodeJS.ProcessEnv
  /** Called with the running process, for tests that send signals. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void
}

export function millrace(args: readonly string[], options: RunOptions): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1', ...options.env }
  const child = spawn(process.execPath, [BIN, ...args], { cwd: options.cwd, env })
  options.onStart?.(child)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => undefined)
  if (options.holdInput) child.stdin.write(options.stdin ?? '')
  else child.stdin.end(options.stdin ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) =>
      resolve({
        status,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
  })
}

/** A new folder with the given files, removed after the test file. */
export function makeFolder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A small definition and lines that fit it: 6 lines, of which 4 count, 1 is filtered, 1 is rejected. */
export const DEFINITION = `sources:
  web:
    format: json
    time: ts
    fields: { service: string, path: string, status: integer, duration_ms: decimal(3) }
metrics:
  http.requests:
    source: web
    where: path <> '/health'
    window: 1m
    dimensions: { service: service }
    measures:
      requests: count()
      errors: count(status >= 500)
      duration: { value: quantiles(duration_ms), unit: ms }
    ratios: { error_rate: errors / requests }
`

export const LINES = `{"ts":"2026-03-02T10:00:01Z","service":"shop","path":"/","status":200,"duration_ms":10}
{"ts":"2026-03-02T10:00:02Z","service":"shop","path":"/pay","status":503,"duration_ms":250.5}
{"ts":"2026-03-02T10:00:03Z","service":"shop","path":"/health","status":200,"duration_ms":1}
this is not JSON
{"ts":"2026-03-02T10:01:04Z","service":"search","path":"/","status":200,"duration_ms":20}
{"ts":"2026-03-02T10:01:05Z","service":"shop","path":"/","status":200,"duration_ms":30}
`

/** Looks every few milliseconds until there is an answer. */
export async function waitFor<T>(look: () => T | undefined, what: string): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  throw new Error(`waited in vain for ${what}`)
}

/** A folder where the definition stands and the lines were ingested and computed. */
export async function makeComputed(): Promise<string> {
  const cwd = makeFolder({ 'millrace.yaml': DEFINITION, 'web.log': LINES })
  for (const args of [['ingest', 'web', 'web.log'], ['batch']]) {
    const ended = await millrace(args, { cwd })
    if (ended.status !== 0) throw new Error(`millrace ${args.join(' ')}: ${ended.stderr}`)
  }
  return cwd
}
