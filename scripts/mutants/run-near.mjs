/** Runs some tests of a copy until the first failure. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A fault that makes a test wait forever is seen, too. */
const LONGEST_MS = 900_000

/** `isSeen` when something failed, the build included; `by` says what. */
export async function runNear(path, tests) {
  const built = await run(path, ['scripts/build.mjs'])
  if (built.status !== 0) return { isSeen: true, by: 'the build' }
  const json = join(path, 'mutant.json')
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--maxWorkers=1']
  const { status, isLate } = await run(path, [
    ...vitest,
    ...['--reporter=json', `--outputFile.json=${json}`, ...tests],
  ])
  const by = status === 0 ? undefined : isLate ? 'no end within the time' : firstFailure(json)
  rmSync(json, { force: true })
  return { isSeen: status !== 0, by }
}

/** In a process group of its own, so that nothing outlives it. */
function run(cwd, args) {
  const child = spawn(process.execPath, args, { cwd, stdio: 'ignore', detached: true })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    process.kill(-child.pid, 'SIGKILL')
  }, LONGEST_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status: status ?? 1, isLate })
    })
  })
}

function firstFailure(json) {
  try {
    const { testResults } = JSON.parse(readFileSync(json, 'utf8'))
    const failed = testResults.flatMap(({ assertionResults }) => assertionResults)
    return failed.find(({ status }) => status === 'failed')?.fullName ?? 'a file that cannot be loaded'
  } catch {
    return 'a run that left no result'
  }
}
