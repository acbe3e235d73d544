/** `npm run orders -- --length N [--postgres]`: every order of N operations on real reports, against the model. */
import { parseArgs } from 'node:util'
import { exploreOrders } from './explore-orders.ts'
import { withWorlds } from './order-world.ts'
import { PostgresStore } from './postgres-store.ts'

const { values } = parseArgs({
  options: { length: { type: 'string', default: '4' }, postgres: { type: 'boolean', default: false } },
})
const started = Date.now()
const store = values.postgres ? await PostgresStore.start() : undefined
try {
  const explore = withWorlds((worlds) => exploreOrders(worlds, Number(values.length)), store)
  const { orders, states } = await explore
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`${orders} orders, ${states} states without a server, all as the model says, in ${seconds} s`)
} finally {
  await store?.close()
}
