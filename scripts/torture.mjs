/**
 * kill -9 of the server and of the log under load, at random and at named moments, as often as a release asks for.
 * MILLRACE_TORTURE_KILLS, MILLRACE_LOG_KILLS, MILLRACE_FAILPOINT_KILLS and MILLRACE_SEED set how often and when, and
 * MILLRACE_FAILPOINT_WORLDS how many data folders there are for failpoints; the first line says what it runs on, since its log is kept as evidence. Arguments name a part: `npm run torture -- failpoints`.
 */
import { spawnSync } from 'node:child_process'
import { root } from './build.mjs'
import { finish, runTests } from './run-tests.mjs'

const FULL = {
  MILLRACE_TORTURE_KILLS: '1000',
  MILLRACE_LOG_KILLS: '1000',
  MILLRACE_FAILPOINT_KILLS: '10',
  MILLRACE_SEED: '1',
}

for (const [name, value] of Object.entries(FULL)) process.env[name] ??= value
const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
const settings = Object.keys(FULL).map((name) => `${name}=${process.env[name]}`)
console.log(`torture: ${stdout?.trim()}: ${settings.join(' ')}`)
const named = process.argv.slice(2)
const all = ['torture', 'log-kill', 'failpoints']
const files = (named.length > 0 ? named : all).map((name) => `test/crash/${name}.test.ts`)
process.exitCode = finish(await runTests(files))
