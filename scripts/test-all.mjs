/** What CI runs: all of `npm test`, and the short list on real engines; the last line is the sum, `N passed, N failed[, N skipped]`. */
import { finish, runTests } from './run-tests.mjs'
import { testCluster } from './test-cluster.mjs'

const own = await runTests([])
finish(own)
const cluster = await testCluster(['--short'])
finish(cluster)
const missing = [own, cluster].filter(({ passed, failed }) => passed + failed === 0).length
process.exitCode = finish({
  passed: own.passed + cluster.passed,
  failed: own.failed + cluster.failed + missing,
  skipped: own.skipped,
  failures: [...(own.failures ?? []), ...(cluster.failures ?? [])],
  reason: missing > 0 ? 'a part of the tests did not run' : 'both together:',
})
