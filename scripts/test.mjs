/**
 * Builds, then runs vitest; the last line is `N passed, N failed[, N skipped]` alone. Arguments go to vitest,
 * so `npm test -- src/core` runs a part. Tests that need real engines are `npm run test:cluster`.
 */
import { finish, runTests } from './run-tests.mjs'

process.exitCode = finish(await runTests(process.argv.slice(2)))
