/** What the pages promise: their links lead somewhere, and the README's example is the one that is run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (page: string) => readFileSync(join(root, page), 'utf8')
const pages = ['.', 'docs', 'docs/adr', 'docs/guides', 'bench', 'changes'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)

it.each(pages)('%s links only to what exists', (page) => {
  const targets = [...read(page).matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].map(([, target]) => target!)
  expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
})

it('shows the definition and the output of examples/quick in the README', () => {
  expect(read('README.md')).toContain(read('examples/quick/millrace.yaml'))
  expect(read('README.md')).toContain(read('examples/quick/expected.csv'))
})

it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names only files and folders that exist', (page) => {
  const paths = [...read(page).matchAll(/`((?:src|test|scripts|docs|bench|examples)\/[\w./-]*)`/g)].map(
    ([, path]) => path!,
  )
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
