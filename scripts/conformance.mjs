/**
 * Runs the conformance cases and holds docs/conformance.md against what was found; `--write` writes the page
 * instead. The embedded engine alone, or with `--spark` and `--flink` those too.
 * Flink must run: `npm run cluster -- up flink`.
 */
import { spawnSync } from 'node:child_process'
import { root } from './build.mjs'

const given = new Set(process.argv.slice(2))
const unknown = [...given].filter((option) => !['--write', '--spark', '--flink'].includes(option))
if (unknown.length > 0) {
  console.error(`conformance takes --write, --spark and --flink, not ${unknown.join(' ')}`)
  process.exit(2)
}

const env = { ...process.env, ...(given.has('--write') && { MILLRACE_WRITE_CONFORMANCE: '1' }) }
const runs = [
  ['run', 'test/conformance'],
  ...(given.has('--spark') ? [clusterRun('conformance')] : []),
  ...(given.has('--flink') ? [clusterRun('flink-conformance')] : []),
]

for (const args of runs) {
  const { status } = spawnSync(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

function clusterRun(name) {
  return ['run', '--config', 'vitest.cluster.config.ts', `test/cluster/${name}.cluster.test.ts`]
}
