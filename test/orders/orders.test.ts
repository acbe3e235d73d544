/** In whatever order servers, batches, files, older reports and changed definitions come: no line is missing, none counts twice. */
import { afterAll, expect, it } from 'vitest'
import { shareOf } from '../turn.ts'
import { exploreOrders } from './explore-orders.ts'
import { OrderWorld } from './order-world.ts'

const world = new OrderWorld()
afterAll(() => world.close())

/** A share of those of one operation more by turns; `npm run orders -- --length 4` runs all of them. */
it('ends in the totals of the model after every order of operations', { timeout: 600_000 }, async () => {
  const longer = `orders of ${LENGTH + 1} operations`
  const { states } = await exploreOrders(world, LENGTH, (orders) => shareOf(longer, orders, TURNS))
  expect(states).toBeGreaterThan(20)
})

const LENGTH = 3
const TURNS = 24
