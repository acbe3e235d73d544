/**
 * The main job on a realistic day: writes simulated logs into demo/, then runs the commands a user would type and
 * shows each with its output. Safe to run again; it begins anew each time.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, root } from './build.mjs'
import { writeLog } from './generate-logs.mjs'

const folder = join(root, 'demo')
const DAY = '2026-03-02'
const started = Date.now()

if (!existsSync(`${root}dist/cli/main.js`) && build() !== 0) process.exit(1)
await writeLogs()
millrace('check')
millrace('ingest', 'shop', 'shop.ndjson.gz')
millrace('ingest', 'edge', 'access.log')
millrace('batch')
say('When did checkout fail, and when was search slow?')
millrace(
  ...['query', 'http.server.requests', '--from', `${DAY}T09:00:00Z`, '--to', `${DAY}T15:00:00Z`],
  ...['--step', '1h', '--by', 'service', '--measures', 'requests,errors,duration,users,error_rate'],
)
say('Some lines could not be used. They are kept, with the reason:')
millrace('rejects', 'shop', '--limit', '5')
say('What the web server saw:')
millrace('query', 'edge.requests', '--step', '1d', '--by', 'method')
say('The totals of the day:')
millrace('query', 'http.server.requests', '--step', '1d', '--by', 'service')
whatNext()

async function writeLogs() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  copyFileSync(join(root, 'examples/demo/millrace.yaml'), join(folder, 'millrace.yaml'))
  say(`Writing a simulated day of logs (${DAY}) to demo/ …`)
  const shop = { kind: 'json', lines: 300_000, seed: 1, day: DAY, services: 3, bad: 0.0005, gzip: true }
  const edge = { kind: 'combined', lines: 100_000, seed: 2, day: DAY, bad: 0.0002 }
  await writeLog({ ...shop, out: join(folder, 'shop.ndjson.gz') })
  await writeLog({ ...edge, out: join(folder, 'access.log') })
  for (const name of ['shop.ndjson.gz', 'access.log']) {
    console.log(`  ${name.padEnd(16)} ${(statSync(join(folder, name)).size / 1e6).toFixed(1)} MB`)
  }
}

/** Shows the command as it would be typed in demo/, runs it there, and ends the demo when it fails. */
function millrace(...args) {
  console.log(`\n$ millrace ${args.join(' ')}`)
  const { status } = spawnSync(process.execPath, [join(root, 'bin/millrace.js'), ...args], {
    cwd: folder,
    stdio: 'inherit',
  })
  if (status === 0) return
  console.error(`demo: this command ended with status ${status}`)
  process.exit(1)
}

function say(text) {
  console.log(`\n${text}`)
}

function whatNext() {
  say(`Done in ${Math.round((Date.now() - started) / 1000)} s. What to try next, in the folder demo:`)
  const lines = [
    ['cd demo; alias millrace="node ../bin/millrace.js"', ''],
    ['millrace explain http.server.requests', 'the plan and its SQL'],
    ['millrace query http.server.requests --step 1h --by service,class --where "service = \'checkout\'"', ''],
    ['millrace query http.server.requests --step 1d --timezone Europe/Berlin --format json', ''],
    ['millrace export http.server.requests --format parquet --out totals.parquet', 'for any other tool'],
    ['edit millrace.yaml, then millrace batch', 'the past is computed anew from the raw lines'],
    ['millrace init YOUR.log --out mine.yaml', 'a definition for your own logs'],
  ]
  for (const [command, what] of lines) console.log(`  ${command}${what ? `   # ${what}` : ''}`)
}
