/** `npm run cluster -- up|down|status|reset [kafka hdfs spark flink postgres]`: real engines on this machine; see docs/cluster.md. */
import { printStatus } from './cluster/cluster-status.mjs'
import { engineNames } from './cluster/engines.mjs'
import { startEngines } from './cluster/start-engines.mjs'
import { resetEngines, stopEngines } from './cluster/stop-engines.mjs'

const commands = {
  up: startEngines,
  down: stopEngines,
  status: async (names) => {
    if (!(await printStatus(names))) process.exitCode = 1
  },
  reset: resetEngines,
}

const [command = '', ...names] = process.argv.slice(2)
if (!Object.hasOwn(commands, command)) {
  console.error(`usage: npm run cluster -- ${Object.keys(commands).join('|')} [${engineNames.join(' ')}]`)
  process.exitCode = 2
} else {
  try {
    await commands[command](names)
  } catch (error) {
    console.error(`cluster: ${error.message}`)
    process.exitCode = 1
  }
}
