/** Settings of HDFS for three DataNodes on one machine that tests kill: faults are noticed within seconds. */

/** The nodes say nothing at all without one. */
export const LOG4J = `log4j.rootLogger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %c %m%n
`

export function coreSite(rpc, scratch, user) {
  return configuration({
    'fs.defaultFS': `hdfs://${rpc}`,
    'hadoop.http.staticuser.user': user,
    'hadoop.tmp.dir': scratch,
  })
}

export function nameNodeSite({ rpc, http }, folder) {
  return configuration({
    ...common(rpc),
    'dfs.namenode.http-address': new URL(http).host,
    'dfs.namenode.name.dir': `file://${folder}`,
    'dfs.namenode.handler.count': 4,
    'dfs.namenode.safemode.extension': 0,
    'dfs.namenode.datanode.registration.ip-hostname-check': false,
    // Tests want small blocks, so that a file has several.
    'dfs.namenode.fs-limits.min-block-size': 65_536,
    // A DataNode is dead after 2 x recheck + 10 x heartbeat = 12 s, and its blocks are copied from then on.
    'dfs.namenode.heartbeat.recheck-interval': 1000,
    'dfs.namenode.redundancy.interval.seconds': '1s',
    'dfs.namenode.reconstruction.pending.timeout-sec': 10,
    // From 3 s of silence on nobody is sent to it, as long as another can do it.
    'dfs.namenode.avoid.read.stale.datanode': true,
    'dfs.namenode.avoid.write.stale.datanode': true,
    'dfs.namenode.stale.datanode.interval': 3000,
    'dfs.namenode.stale.datanode.minimum.interval': 2,
    'dfs.namenode.write.stale.datanode.ratio': 1.0,
  })
}

export function dataNodeSite({ rpc }, [transfer, page, ipc], folder) {
  return configuration({
    ...common(rpc),
    'dfs.datanode.data.dir': `file://${folder}`,
    'dfs.datanode.address': `127.0.0.1:${transfer}`,
    'dfs.datanode.http.address': `127.0.0.1:${page}`,
    'dfs.datanode.ipc.address': `127.0.0.1:${ipc}`,
    'dfs.datanode.hostname': '127.0.0.1',
    'dfs.datanode.handler.count': 4,
    'dfs.datanode.du.reserved': 0,
  })
}

function common(rpc) {
  return {
    'dfs.namenode.rpc-address': rpc,
    'dfs.webhdfs.enabled': true,
    'dfs.permissions.enabled': false,
    // With one of three nodes dead there is still a place for every copy.
    'dfs.replication': 2,
    'dfs.blocksize': 16 * 1024 * 1024,
    'dfs.heartbeat.interval': 1,
    'dfs.client.use.datanode.hostname': false,
    // With three nodes there is none to put in the place of one that fails while a block is written.
    'dfs.client.block.write.replace-datanode-on-failure.policy': 'NEVER',
  }
}

function configuration(properties) {
  const lines = Object.entries(properties).map(
    ([name, value]) =>
      `  <property><name>${name}</name><value>${escapeXml(String(value))}</value></property>`,
  )
  return `<configuration>\n${lines.join('\n')}\n</configuration>\n`
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
