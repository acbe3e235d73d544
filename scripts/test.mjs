/**
 * Builds, then runs vitest; the last line is `N passed, N failed[, N skipped]` alone. Arguments go to vitest,
 * so `npm test -- src/core` runs a part.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, root } from './build.mjs'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
try {
  process.exitCode = run()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run() {
  if (build() !== 0) return finish({ passed: 0, failed: 1, skipped: 0 }, 'the build failed')
  const json = join(folder, 'result.json')
  const { status, signal } = spawnSync(
    process.execPath,
    [
      ...[`${root}node_modules/vitest/vitest.mjs`, 'run', '--reporter=default', '--reporter=json'],
      ...[`--outputFile.json=${json}`, ...process.argv.slice(2)],
    ],
    { cwd: root, stdio: 'inherit' },
  )
  const counts = countResults(json)
  const crashed = signal ? `vitest was ended by ${signal}` : `vitest ended with status ${status}`
  if (!counts) return finish({ passed: 0, failed: 1, skipped: 0 }, `${crashed} and left no result`)
  if (status !== 0 && counts.failed === 0) {
    return finish({ ...counts, failed: 1 }, `${crashed} although no test failed; see above`)
  }
  return finish(counts)
}

/** A file that could not be loaded counts as one failure, since its tests did not run. */
function countResults(path) {
  let result
  try {
    result = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  for (const file of unloaded) console.log(`could not be run: ${file.name}`)
  const skipped = result.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => !['passed', 'failed'].includes(test.status)),
  )
  for (const test of skipped) console.log(`skipped: ${test.fullName}`)
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + unloaded.length,
    skipped: skipped.length,
  }
}

function finish({ passed, failed, skipped }, reason) {
  if (reason) console.log(reason)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed === 0 && passed > 0 ? 0 : 1
}
