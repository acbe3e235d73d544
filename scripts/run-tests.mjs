/** Runs vitest once and counts what it did; shared by every command that tests. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { build, root } from './build.mjs'
import { descendantsOf, isAlive, pidOf, signalProcess } from './cluster/process-identity.mjs'

/** Of the message of a failed test, in characters, where it is said once more. */
const MESSAGE_LENGTH = 1000
/** How many of the costliest files are printed, and what a file may take of all the time before it is pointed out. */
const PRINTED_FILES = 15
const BUDGET_SHARE = 0.1

/** Builds and runs; `args` go to vitest. Gives what runPhases does. */
export function runTests(args) {
  return runPhases([[args]])
}

/**
 * Builds, then runs vitest for each list of arguments: phases one after another, the lists of a phase beside one
 * another. Gives the counts, the `failures` as text and, where vitest came so far, the `tests` that ran as
 * `{ file, name }`, with a `reason` where the run itself went wrong.
 */
export async function runPhases(phases) {
  process.env.MILLRACE_TURN ??= String(commitCount())
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  try {
    if (build() !== 0) return { passed: 0, failed: 1, skipped: 0, reason: 'the build failed' }
    const counts = []
    for (const [phase, lists] of phases.entries()) {
      const runs = lists.map((args, index) => runVitest(join(folder, `result${phase}-${index}.json`), args))
      counts.push(sumCounts(await Promise.all(runs)))
    }
    return sumCounts(counts)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Of several runs; without the names of tests when one did not come so far. */
function sumCounts(runs) {
  const sum = (of) => runs.reduce((total, run) => total + of(run), 0)
  const reasons = runs.flatMap(({ reason }) => reason ?? [])
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    failures: runs.flatMap(({ failures }) => failures ?? []),
    ...(reasons.length > 0 ? { reason: reasons.join('\n') } : {}),
    ...(runs.every(({ tests }) => tests) ? { tests: runs.flatMap(({ tests }) => tests) } : {}),
    files: runs.flatMap(({ files }) => files ?? []),
  }
}

/** By which tests of many cases choose their share; without git it is always the first one. */
function commitCount() {
  const { status, stdout } = spawnSync('git', ['rev-list', '--count', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? Number(stdout) : 0
}

/** The costliest files first, with what each takes of all the time. */
export function printBudget(title, files) {
  const total = files.reduce((sum, { seconds }) => sum + seconds, 0)
  if (total === 0) return
  console.log(`${title}: ${files.length} files take ${total.toFixed(0)} s; the costliest:`)
  const costliest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, PRINTED_FILES)
  for (const { name, seconds } of costliest) {
    const share = seconds / total
    const isOver = share > BUDGET_SHARE && files.length > PRINTED_FILES
    const note = isOver ? `  over its budget of ${BUDGET_SHARE * 100} %` : ''
    console.log(
      `${seconds.toFixed(1).padStart(8)} s ${(share * 100).toFixed(0).padStart(3)} %  ${name}${note}`,
    )
  }
}

/** Prints what failed once more, since it stands far above, and the counts as the last line; gives the exit status. */
export function finish({ passed, failed, skipped, failures = [], reason, files = [] }) {
  printBudget('time by test file', files)
  for (const failure of failures) console.log(failure)
  if (reason) console.log(reason)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed === 0 && passed > 0 ? 0 : 1
}

async function runVitest(json, args) {
  const budget = `${json}.budget`
  const reporters = ['default', 'json', `${root}scripts/budget-reporter.mjs`]
  const { status, signal } = await runToEnd(
    [
      ...[`${root}node_modules/vitest/vitest.mjs`, 'run', ...reporters.map((name) => `--reporter=${name}`)],
      ...[`--outputFile.json=${json}`, ...args],
    ],
    { MILLRACE_BUDGET: budget },
  )
  const counts = countResults({ json, budget }, !args.includes('-t'))
  const crashed = signal ? `vitest was ended by ${signal}` : `vitest ended with status ${status}`
  if (!counts) return { passed: 0, failed: 1, skipped: 0, reason: `${crashed} and left no result` }
  if (status !== 0 && counts.failed === 0)
    return { ...counts, failed: 1, reason: `${crashed} although no test failed; see above` }
  return counts
}

/**
 * Meanwhile we stay alive to children that end, which would be zombies otherwise, and to signals: these are for the
 * tests to end by (a terminal sends SIGINT to them itself), and nothing that a test had started outlives them.
 */
function runToEnd(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  const started = []
  const end = (signal) => {
    started.push(...descendantsOf(child.pid))
    if (signal === 'SIGTERM') child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.removeListener(name, end)
      for (const identity of started.filter(isAlive)) signalProcess(pidOf(identity), 'SIGKILL')
      resolve({ status, signal })
    })
  })
}

/** A file that could not be loaded counts as one failure, since its tests did not run. Those that `-t` leaves out are not told. */
function countResults({ json, budget }, tellsSkipped) {
  let result
  try {
    result = JSON.parse(readFileSync(json, 'utf8'))
  } catch {
    return undefined
  }
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const skipped = result.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => !['passed', 'failed'].includes(test.status)),
  )
  if (tellsSkipped) for (const test of skipped) console.log(`skipped: ${test.fullName}`)
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + unloaded.length,
    skipped: skipped.length,
    failures: [
      ...unloaded.map(({ name }) => `could not be run: ${relative(root, name)}`),
      ...result.testResults.flatMap(failuresOf),
    ],
    tests: result.testResults.flatMap(testsOf),
    files: readBudget(budget),
  }
}

function readBudget(path) {
  try {
    const files = JSON.parse(readFileSync(path, 'utf8'))
    return files.map(({ path, seconds }) => ({ name: relative(root, path), seconds }))
  } catch {
    return []
  }
}

function failuresOf(file) {
  const failed = file.assertionResults.filter(({ status }) => status === 'failed')
  return failed.map(({ fullName, failureMessages }) => {
    const message = failureMessages.join('\n').slice(0, MESSAGE_LENGTH)
    return `failed: ${relative(root, file.name)} > ${fullName}\n  ${message.replaceAll('\n', '\n  ')}`
  })
}

function testsOf(file) {
  return file.assertionResults
    .filter(({ status }) => status === 'passed' || status === 'failed')
    .map(({ fullName }) => ({ file: basename(file.name), name: fullName }))
}
