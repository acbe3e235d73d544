/** Definitions from JavaScript modules: the same checks, with a path in place of a line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DESIGN_EXAMPLE } from './fixtures/design-example.ts'
import { formatDiagnostics } from './format-diagnostics.ts'
import { checkText, loadDefinition } from './load-definition.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-module-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function load(name: string, text: string) {
  await writeFile(join(folder, name), text)
  return loadDefinition(join(folder, name))
}

const asModule = (text: string): string => `export default ${JSON.stringify(parse(text))}\n`

test('a module is the same definition as its YAML', async () => {
  const { definition, diagnostics } = await load('good.config.mjs', asModule(DESIGN_EXAMPLE))
  expect(diagnostics).toEqual([])
  expect(definition!.metrics).toEqual(checkText(DESIGN_EXAMPLE, 'x').definition!.metrics)
})

test('problems name the path', async () => {
  const text = DESIGN_EXAMPLE.replace('path <> ', 'pth <> ').replace('status / 100', 'stats')
  const { definition, diagnostics } = await load('bad.config.mjs', asModule(text))
  expect(definition).toBeUndefined()
  expect(diagnostics.map(({ code, path, line }) => [code, path, line])).toEqual([
    ['EXPRESSION_UNKNOWN_NAME', 'metrics.http.server.requests.where', undefined],
    ['EXPRESSION_UNKNOWN_NAME', 'metrics.http.server.requests.dimensions.class', undefined],
  ])
  expect(formatDiagnostics(diagnostics, { color: false })).toContain(
    'bad.config.mjs: metrics.http.server.requests.where error There is no field pth.',
  )
})

test.each([
  ['no-default.mjs', 'export const a = 1\n', 'DEFINE_MODULE_EXPORT', 'no default export'],
  ['throws.mjs', 'throw new Error("no luck")\n', 'DEFINE_MODULE_FAILED', 'no luck'],
  ['function.mjs', 'export default { sources: () => {} }\n', 'DEFINE_MODULE_FAILED', 'could not be cloned'],
])('%s is refused', async (name, text, code, why) => {
  const { diagnostics } = await load(name, text)
  expect(diagnostics).toMatchObject([{ code, message: expect.stringContaining(why) }])
})

test('what defineConfig() returns is a definition', async () => {
  const { diagnostics, definition } = await loadDefinition(resolve('test/types/fixtures/good.ts'))
  expect(diagnostics).toEqual([])
  expect([...definition!.metrics.keys()]).toEqual(['http.server.requests', 'hits', 'sales', 'lines'])
})
