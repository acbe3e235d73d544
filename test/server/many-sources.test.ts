/** A server of many sources says no more than one of few. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from './serving.ts'

const NAMES = Array.from({ length: 26 }, (_, place) => `web${place}`)
const format = 'format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer }'
const DEFINITION = `sources:
${NAMES.map((name) => `  ${name}: { ${format} }`).join('\n')}
metrics:
${NAMES.map((name) => `  ${name}_lines: { source: ${name}, window: 1m, measures: { n: count() } }`).join('\n')}
serve: { listen: "127.0.0.1:0" }
`

let cwd: string
let server: Serving
beforeAll(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  server = await Serving.start(cwd)
})
afterAll(() => server?.stop('SIGKILL'))

it('counts the lines of each, a batch beside it too, without a warning of Node', async () => {
  for (const name of NAMES)
    expect((await server.send(name, `{"ts":${Date.now()},"id":1}\n`)).status).toBe(200)
  await server.counted()
  const { status, stderr } = await millrace(['batch'], { cwd })
  expect(stderr).not.toMatch(/warning/i)
  expect(status).toBe(0)
  for (const name of NAMES) {
    const { stdout } = await millrace(['query', `${name}_lines`, '--step', '1d', '--format', 'csv'], { cwd })
    expect(stdout.trim().split('\n').at(-1)).toMatch(/,1$/)
  }
  expect(await server.stop()).toBe(0)
  expect(server.said).not.toMatch(/warning/i)
})
