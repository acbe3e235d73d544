/**
 * What a release asks of the server, the log and the archive: kill -9 under load, at random and at named moments, power
 * cuts, and half an hour of use. MILLRACE_TORTURE_KILLS, MILLRACE_LOG_KILLS, MILLRACE_FAILPOINT_KILLS,
 * MILLRACE_POWER_CUTS, MILLRACE_SOAK_SECONDS and MILLRACE_SEED set how much and when; the first line says what it runs
 * on, since its log is kept as evidence. Arguments name parts: `npm run torture -- failpoints soak`.
 */
import { spawnSync } from 'node:child_process'
import { root } from './build.mjs'
import { finish, runTests } from './run-tests.mjs'

const FULL = {
  MILLRACE_TORTURE_KILLS: '1000',
  MILLRACE_LOG_KILLS: '1000',
  MILLRACE_FAILPOINT_KILLS: '10',
  MILLRACE_POWER_CUTS: '10000',
  MILLRACE_SOAK_SECONDS: '1800',
  MILLRACE_SEED: '1',
}
/** By part, the tests in test/crash that it is. */
const PARTS = {
  torture: ['torture'],
  'log-kill': ['log-kill'],
  failpoints: ['failpoints'],
  'power-cut': ['log-crash', 'power-cut'],
  soak: ['soak'],
}

for (const [name, value] of Object.entries(FULL)) process.env[name] ??= value
const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
const settings = Object.keys(FULL).map((name) => `${name}=${process.env[name]}`)
console.log(`torture: ${stdout?.trim()}: ${settings.join(' ')}`)
const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  console.log(`There is no part ${unknown.join(', ')}. The parts are ${Object.keys(PARTS).join(', ')}.`)
  process.exit(2)
}
const files = (named.length > 0 ? named : Object.keys(PARTS)).flatMap((name) => PARTS[name])
process.exitCode = finish(await runTests(files.map((name) => `test/crash/${name}.test.ts`)))
