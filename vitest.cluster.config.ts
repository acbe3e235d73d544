/**
 * The tests that need real engines. Those of one project run one file at a time; the two projects share nothing, so
 * `npm run test:cluster` runs both at once.
 */
import { defineConfig } from 'vitest/config'

/** They start engines for themselves; nearly all their time is one thread of Spark's driver. */
const ALONE = [
  ...['conformance', 'differential', 'spark-dialect', 'spark-late'],
  ...['hdfs-access', 'kafka-access', 'postgres-access'],
].map((name) => `test/cluster/${name}.cluster.test.ts`)

const shared = { testTimeout: 300_000, hookTimeout: 300_000, pool: 'forks' } as const

export default defineConfig({
  test: {
    maxWorkers: 1,
    projects: [
      { test: { ...shared, name: 'alone', include: ALONE } },
      {
        test: { ...shared, name: 'cluster', include: ['test/cluster/**/*.cluster.test.ts'], exclude: ALONE },
      },
    ],
  },
})
