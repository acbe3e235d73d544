/** What Flink's processes are told: one configuration for all of them. */
import { join } from 'node:path'

const OPENED = ['lang', 'lang.reflect', 'net', 'io', 'nio', 'text', 'time', 'util']
const OPENED_MORE = ['util.concurrent', 'util.concurrent.atomic', 'util.concurrent.locks']

/** As Flink's own configuration asks for on Java 17. */
export const OPEN_MODULES = [
  '--add-exports=java.base/sun.net.util=ALL-UNNAMED',
  '--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED',
  '--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  ...[...OPENED, ...OPENED_MORE].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
]

export const LOG4J = `rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n%ex
`

/** YAML that is JSON. Faults are noticed fast, and a job is restarted for ever. */
export function flinkConfig({ data }, ports, slots) {
  const host = '127.0.0.1'
  const folder = (name) => `file://${join(data, name)}`
  const config = {
    jobmanager: {
      rpc: { address: host, port: ports.rpc },
      'bind-host': host,
      memory: { process: { size: '1000m' } },
    },
    taskmanager: {
      ...{ host, 'bind-host': host, numberOfTaskSlots: slots },
      ...{ rpc: { port: `${ports.task}` }, data: { port: ports.data } },
      memory: { process: { size: '1400m' } },
    },
    rest: { address: host, 'bind-address': host, port: ports.rest },
    blob: { server: { port: `${ports.blob}` } },
    heartbeat: { interval: 1000, timeout: 5000 },
    'restart-strategy': { type: 'fixed-delay', 'fixed-delay': { attempts: 2147483647, delay: '1 s' } },
    execution: {
      checkpointing: {
        ...{ interval: '2 s', mode: 'EXACTLY_ONCE', 'min-pause': '500 ms' },
        ...{ dir: folder('checkpoints'), 'savepoint-dir': folder('savepoints') },
      },
    },
    state: { backend: { type: 'hashmap' } },
    io: { tmp: { dirs: join(data, 'scratch') } },
    'sql-gateway': { endpoint: { rest: { address: host, 'bind-address': host, port: ports.gateway } } },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/** A TaskManager that no script starts must be told how its memory is split. */
export function taskManagerMemory(slots) {
  const split = {
    'cpu.cores': slots,
    'memory.task.heap.size': '384m',
    'memory.task.off-heap.size': '0',
    'memory.framework.heap.size': '128m',
    'memory.framework.off-heap.size': '64m',
    'memory.network.min': '64m',
    'memory.network.max': '64m',
    'memory.managed.size': '128m',
    'memory.jvm-metaspace.size': '768m',
    'memory.jvm-overhead.min': '128m',
    'memory.jvm-overhead.max': '128m',
  }
  return Object.entries(split).flatMap(([key, value]) => ['-D', `taskmanager.${key}=${value}`])
}
