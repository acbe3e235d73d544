/**
 * The tests that need real engines. Those of one project run one file at a time. `together` uses or kills every engine;
 * after it `npm run test:cluster` runs the other two at once, which share none that they kill.
 */
import { defineConfig } from 'vitest/config'

const files = (...names: readonly string[]) => names.map((name) => `test/cluster/${name}.cluster.test.ts`)

const TOGETHER = files('engines', 'four-engines')
/** Kafka, Flink, and engines that a test starts for itself. */
const STREAM = [
  ...files('kafka-*', 'flink-*', 'disaster-day', 'hdfs-access', 'postgres-access'),
  ...files('conformance', 'differential', 'spark-dialect'),
]

const project = (name: string, include: readonly string[], exclude: readonly string[] = []) => ({
  test: {
    ...{ name, include: [...include], exclude: [...exclude] },
    ...{ testTimeout: 900_000, hookTimeout: 900_000, pool: 'forks' as const },
  },
})

export default defineConfig({
  test: {
    maxWorkers: 1,
    projects: [
      project('together', TOGETHER),
      project('stream', STREAM),
      project('batch', files('*'), [...TOGETHER, ...STREAM]),
    ],
  },
})
