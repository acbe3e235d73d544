/** In whatever order servers, batches, files, older reports and changed definitions come: no line is missing, none counts twice. */
import { afterAll, expect, it } from 'vitest'
import { exploreOrders } from './explore-orders.ts'
import { OrderWorld } from './order-world.ts'

const world = new OrderWorld()
afterAll(() => world.close())

/** `npm run orders -- --length 5` runs longer ones. */
it('ends in the totals of the model after every order of operations', { timeout: 600_000 }, async () => {
  const { states } = await exploreOrders(world, LENGTH)
  expect(states).toBeGreaterThan(20)
})

const LENGTH = 3
