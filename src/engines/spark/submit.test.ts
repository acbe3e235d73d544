import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { afterAll, expect, it } from 'vitest'
import { submit } from './submit.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-submit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const never = new AbortController().signal

function run(script: string, signal: AbortSignal = never) {
  const [env, logPath] = [process.env, join(folder, 'log')]
  return submit({
    program: '/bin/sh',
    args: ['-c', script, 'driver', 'two words'],
    env,
    folder,
    logPath,
    signal,
  })
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await sleep(20)
  }
}

const pidIn = (name: string) =>
  until(() => {
    const path = join(folder, name)
    return (existsSync(path) && Number(readFileSync(path, 'utf8'))) || undefined
  })

/** A process may end between two looks at it. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const gone = (pid: number) => until(() => (isRunning(pid) ? undefined : true))

it('gives the exit status, and the log all that was said', async () => {
  expect(await run('echo "$1"; echo wrong >&2; exit 3')).toBe(3)
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('two words\nwrong\n')
})

it('tells the signal that ended the driver', async () => {
  expect(await run('kill -KILL $$')).toBe('SIGKILL')
})

it('leaves nothing of the group when the driver is over', async () => {
  expect(await run('sleep 100 & echo $! > helper; exit 0')).toBe(0)
  await gone(await pidIn('helper'))
})

it('ends the driver on abort, and waits for what it does last', async () => {
  const stop = new AbortController()
  const outcome = run(
    "trap 'sleep 0.3; echo bye > last; exit 5' TERM; echo $$ > pid; while :; do sleep 0.05; done",
    stop.signal,
  )
  await pidIn('pid')
  stop.abort()
  expect(await outcome).toBe(5)
  expect(readFileSync(join(folder, 'last'), 'utf8')).toBe('bye\n')
})

it('does not start for long what was aborted before', async () => {
  expect(await run('sleep 100', AbortSignal.abort())).not.toBe(0)
})

it.each(['SIGKILL', 'SIGTERM'] as const)('ends the driver when its parent dies by %s', async (signal) => {
  const parent = join(folder, 'parent.mjs')
  const submission = {
    ...{ program: '/bin/sh', args: ['-c', 'echo $$ > orphan; exec sleep 100'], env: {} },
    ...{ folder, logPath: join(folder, 'log2') },
  }
  const start = `submit({ ...${JSON.stringify(submission)}, signal: new AbortController().signal })`
  writeFileSync(parent, `${asJavaScript('submit.ts')}\nawait ${start}\n`)
  rmSync(join(folder, 'orphan'), { force: true })
  const child = spawn(process.execPath, [parent], { stdio: 'inherit' })
  const pid = await pidIn('orphan')
  child.kill(signal)
  await gone(pid)
})

/** Node 20 cannot run TypeScript by itself. */
function asJavaScript(name: string): string {
  const text = readFileSync(join(import.meta.dirname, name), 'utf8')
  const options = { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 }
  return transpileModule(text, { compilerOptions: options }).outputText
}
