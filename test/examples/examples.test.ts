/** Every folder of examples/ does what it says: its definition is valid, and its query gives expected.csv. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))
const names = readdirSync(examples)

interface Example {
  readonly ingest: Readonly<Record<string, readonly string[]>>
  readonly query: readonly string[]
}

it.each(names)('%s has a valid definition', async (name) => {
  const { status, stderr } = await millrace(['check'], { cwd: join(examples, name) })
  expect(stderr).toContain('is valid')
  expect(status).toBe(0)
})

it.each(names.filter((name) => existsSync(join(examples, name, 'example.json'))))(
  '%s gives its totals',
  async (name) => {
    const cwd = makeFolder()
    cpSync(join(examples, name), cwd, { recursive: true })
    const { ingest, query }: Example = JSON.parse(readFileSync(join(cwd, 'example.json'), 'utf8'))
    for (const [source, files] of Object.entries(ingest)) {
      expect(await millrace(['ingest', source, ...files], { cwd })).toMatchObject({ status: 0 })
    }
    expect(await millrace(['batch'], { cwd })).toMatchObject({ status: 0 })
    const { stdout } = await millrace(['query', ...query, '--format', 'csv'], { cwd })
    expect(stdout).toBe(readFileSync(join(cwd, 'expected.csv'), 'utf8'))
  },
)
