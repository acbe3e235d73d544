/** What CI runs: each step named, the first failure stops with its output. `npm run check -- --fast` leaves out tests. */
import { spawnSync } from 'node:child_process'
import { root } from './build.mjs'

const bin = (path) => `${root}node_modules/${path}`
const steps = [
  ['format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '.'], 'on failure'],
  ['types', [bin('typescript/bin/tsc'), '--noEmit'], 'on failure'],
  ['layers', ['scripts/check-layers.mjs'], 'on failure'],
  ['spreads of arrays into calls', ['scripts/check-spreads.mjs'], 'on failure'],
  ['unused files and exports', [bin('knip/bin/knip.js'), '--no-progress'], 'on failure'],
  ['tests', ['scripts/test.mjs'], 'always'],
]

for (const [name, args, output] of steps) {
  if (name === 'tests' && process.argv.includes('--fast')) continue
  const started = Date.now()
  if (output === 'always') console.log(`check: ${name}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: output === 'always' ? 'inherit' : 'pipe',
  })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  if (status !== 0) {
    process.stdout.write(`${stdout ?? ''}${stderr ?? ''}`)
    console.error(`check: ${name} failed after ${seconds} s`)
    process.exit(1)
  }
  if (output === 'on failure') console.log(`check: ${name} ok (${seconds} s)`)
}
