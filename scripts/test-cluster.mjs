/**
 * Starts real engines with no data, runs the tests that need them, and stops the engines whatever happened. The last
 * lines say how many tests ran on which engine, then `N passed, N failed`; a test that was skipped counts as failed.
 * `--short` runs what CI does, `--full` repeats faults and random cases as often as a release asks for; other arguments
 * go to vitest, so `npm run test:cluster -- hdfs` runs a part.
 */
import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { root } from './build.mjs'
import { selectEngines } from './cluster/engines.mjs'
import { shareSparkClasses } from './cluster/share-classes.mjs'
import { missingOf, SHORT_SETTINGS, shortArguments } from './cluster/short-list.mjs'
import { startEngines } from './cluster/start-engines.mjs'
import { resetEngines, stopEngines } from './cluster/stop-engines.mjs'
import { finish, runPhases } from './run-tests.mjs'

const FULL = {
  ...{ MILLRACE_KILLS: '20', MILLRACE_SPARK_PAIRS: '5000' },
  ...{ MILLRACE_TURN: 'all', MILLRACE_SEED: '1' },
}

/** Gives the counts, as `finish` takes them. */
export async function testCluster(args) {
  const isOwn = useOwnCluster()
  let isInterrupted = false
  const interrupt = () => {
    isInterrupted = true
  }
  // Until the cluster is down again, we end in good order.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt)
  try {
    if (isOwn) await resetEngines([])
    await startEngines([])
    shareSparkClasses()
    if (isInterrupted) throw new Error('interrupted')
  } catch (error) {
    await stopEngines([])
    return { passed: 0, failed: 1, skipped: 0, reason: `cluster: no test ran: ${error.message}` }
  }
  const isShort = args.includes('--short')
  if (isShort) for (const [name, value] of Object.entries(SHORT_SETTINGS)) process.env[name] ??= value
  try {
    const rest = isShort ? shortArguments() : fullCampaign(args)
    // A part that is asked for by name may lie in one project alone.
    const testsOf = (project) => [
      ...['--config', 'vitest.cluster.config.ts', '--project', project, '--passWithNoTests', ...rest],
    ]
    const phases = [['together'], ['batch', 'stream']]
    const result = await runPhases(phases.map((projects) => projects.map(testsOf)))
    return isShort ? judgeShort(result) : judge(result, args)
  } finally {
    await stopEngines([])
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, interrupt)
  }
}

/** False for a cluster that somebody named: its data stay, and are there for the tests. */
function useOwnCluster() {
  if (process.env.MILLRACE_CLUSTER_DIR) return false
  process.env.MILLRACE_CLUSTER_DIR = '.millrace-cluster-test'
  process.env.MILLRACE_CLUSTER_SHORT_LIVED = 'yes'
  process.env.MILLRACE_CLUSTER_PORT_BASE ??= '18200'
  return true
}

/** Says what it ran on, since its log is kept as evidence. */
function fullCampaign(args) {
  if (!args.includes('--full')) return args
  for (const [name, value] of Object.entries(FULL)) process.env[name] ??= value
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
  const settings = Object.keys(FULL).map((name) => `${name}=${process.env[name]}`)
  console.log(`cluster: full run of ${stdout?.trim()}: ${settings.join(' ')}`)
  return args.filter((arg) => arg !== '--full')
}

/** Each test of the list must have run; those of its files that are not in it are left out on purpose. */
function judgeShort({ passed, failed, failures, reason, tests, files }) {
  if (!tests) return { passed, failed, skipped: 0, failures, reason }
  tellEngines(tests)
  console.log('cluster: the short list; `npm run test:cluster` runs the rest')
  const missing = missingOf(tests).map((name) => `did not run: ${name}`)
  const reasons = [...(reason ? [reason] : []), ...missing].join('\n')
  return { passed, failed: failed + missing.length, skipped: 0, failures, reason: reasons, files }
}

function tellEngines(tests) {
  const counted = selectEngines([]).map(({ title, testNames }) => ({
    title,
    count: tests.filter(({ file, name }) => testNames.test(`${file} ${name}`)).length,
  }))
  console.log(
    `cluster: tests that ran: ${counted.map(({ title, count }) => `${count} on ${title}`).join(', ')}`,
  )
  return counted.filter(({ count }) => count === 0).map(({ title }) => title)
}

/** A run of everything must have tested every engine. */
function judge({ passed, failed, skipped, failures, reason, tests, files }, args) {
  if (!tests) return { passed, failed, skipped: 0, failures, reason }
  const untested = tellEngines(tests)
  const isWhole = args.every((arg) => arg === '--full')
  const problems = [
    ...(reason ? [reason] : []),
    ...(skipped > 0 ? [`${skipped} cluster tests did not run`] : []),
    ...(isWhole && untested.length > 0 ? [`no test ran on ${untested.join(', ')}`] : []),
  ]
  const missing = isWhole ? untested.length : 0
  const found = { passed, failed: failed + skipped + missing, skipped: 0, failures, files }
  return { ...found, reason: problems.join('\n') }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = finish(await testCluster(process.argv.slice(2)))
