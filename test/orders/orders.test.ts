/** In whatever order servers, batches, files, older reports and changed definitions come: no line is missing, none counts twice. */
import { expect, it } from 'vitest'
import { exploreOrders } from './explore-orders.ts'
import { withWorlds } from './order-world.ts'

it('ends in the totals of the model after every order of four operations', { timeout: 900_000 }, async () => {
  const { states } = await withWorlds((worlds) => exploreOrders(worlds, 4))
  expect(states).toBeGreaterThan(80)
})
