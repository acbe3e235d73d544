/**
 * What CI runs on the real engines: each does its main job once and is killed once, the four give the same rows, and what
 * operators do comes back once. All of it is `npm run test:cluster`.
 */

/** Files of test/cluster, and which of their tests by full name. */
const SHORT_LIST = [
  ['four-engines', 'give the same report rows'],
  ['kafka-serve', 'through kills of the server and of the broker'],
  ['kafka-held', 'tells which lines expired, reads those around them'],
  ['kafka-held', 'makes the order of a door again from the archive and the topic'],
  ['kafka-lost', 'lets a source go on without lines that are gone'],
  // Those of the day that need neither Spark nor a loss.
  ['disaster-day', '^a disaster day (begins|PostgreSQL|the data folder)'],
  ['flink-serve', 'counts by the job what it can read, and the rest itself'],
  ['flink-serve', 'through 1 kills of flink-taskmanager'],
  ['flink-conformance', '^Flink: '],
  ['hdfs', '^archive contract: hdfs'],
  ['hdfs-faults', '^a DataNode killed -9 while blocks are read'],
  ['postgres-faults', '^a server killed in the middle of a swap at the base'],
  ['postgres-lost', 'is refused by every reader, and by a writer made again: a truncated live table'],
  ['postgres-locks', 'a lock that somebody holds on the tables of an older version'],
  ['postgres-stream', '^stream totals: postgres'],
  ['conformance', '^Spark: '],
  ['whole-job-spark-faults', "^Spark's driver killed -9"],
]

/** For the tests that repeat themselves. */
export const SHORT_SETTINGS = { MILLRACE_KILLS: '1' }

/** Arguments of vitest by which only these run. */
export function shortArguments() {
  const files = new Set(SHORT_LIST.map(([file]) => `test/cluster/${file}.cluster.test.ts`))
  return [...files, '-t', SHORT_LIST.map(([, name]) => name).join('|')]
}

/** Those of the list that did not run. */
export function missingOf(tests) {
  const hasRun = ([file, name]) =>
    tests.some((test) => test.file === `${file}.cluster.test.ts` && new RegExp(name).test(test.name))
  return SHORT_LIST.filter((entry) => !hasRun(entry)).map(([file, name]) => `${file}: ${name}`)
}
