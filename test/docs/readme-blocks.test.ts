/** The README's blocks run as printed, each by a shell in a copy of the folders that it names. */
import { spawn } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { makeFolder } from '../cli/run-cli.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```(?:sh|console)\n(.*?)```/gs)].map((match) => match[1]!)
const isOf = (part: string) => (block: string) => block.includes(part)

/** Blocks that need more than a folder: each is tried elsewhere. */
const ELSEWHERE = [
  isOf('npm ci && npm run demo'),
  // Of a folder that the demo fills, with times of the machine that it ran on.
  isOf('millrace rejects shop'),
]
const alias = blocks.find(isOf('alias millrace='))!
const shown = blocks.filter((block) => block !== alias && !ELSEWHERE.some((is) => is(block)))

it('has blocks that run', () => {
  expect(shown.map((block) => block.split('\n')[0])).toEqual([
    ...['cd examples/quick', '$ millrace query requests --quantiles 0.5 --format csv'],
    ...['cd examples/quick', expect.stringContaining('millrace init access.log')],
  ])
})

it('computes and prints the first answer', async () => {
  const [command, ...printed] = shown[1]!.split('\n')
  const ended = await run(makeCopy(), `${shown[0]}\necho ----\n${command!.slice(2)}`)
  expect(ended).toMatchObject({ status: 0 })
  expect(ended.stdout.split('----\n')[1]).toBe(printed.join('\n'))
})

it('serves, takes a file and answers', async () => {
  const port = await freePort()
  const folder = makeCopy()
  // The one thing that is not as printed: another port, since others may use 8080.
  appendFileSync(join(folder, 'examples/quick/millrace.yaml'), `serve: { listen: "127.0.0.1:${port}" }\n`)
  const script = shown[2]!.replace(':8080/', `:${port}/`)
  const ended = await run(folder, `trap 'kill $!; wait' EXIT\n${script}`)
  expect(ended).toMatchObject({ status: 0 })
  expect(ended.stdout).toContain('"lines":6,')
  expect(ended.stdout).toMatch(/2026-03-02T10:00:00Z +2 +2 +1 /)
})

it('reads a log of its own', async () => {
  const folder = makeFolder()
  cpSync(join(root, 'examples/access-log/access.log'), join(folder, 'access.log'))
  const ended = await run(folder, shown[3]!)
  expect(ended).toMatchObject({ status: 0, stdout: expect.stringContaining('window_start') })
})

function makeCopy(): string {
  const folder = makeFolder()
  cpSync(join(root, 'examples/quick'), join(folder, 'examples/quick'), { recursive: true })
  return folder
}

/** The alias stands for the file in the folder of the README; a script must ask for aliases, which people type. */
function run(
  cwd: string,
  script: string,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const prelude = `set -e\nshopt -s expand_aliases\n${alias.replaceAll('$PWD', root.replace(/\/$/, ''))}`
  const child = spawn('bash', ['-c', `${prelude}\n${script}`], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
  })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk))
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk))
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...out })))
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
