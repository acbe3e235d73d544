/**
 * Options of every engine's JVM. With MILLRACE_CLUSTER_SHORT_LIVED it does without its second compiler, which takes two
 * fifths of the processor time of an engine that lives for half an hour, as in tests; one that is measured needs it.
 */
export function javaOptions() {
  const shortLived = process.env.MILLRACE_CLUSTER_SHORT_LIVED ? ['-XX:TieredStopAtLevel=1'] : []
  return ['-XX:+UseSerialGC', '-Xshare:auto', ...shortLived]
}
