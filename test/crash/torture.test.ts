/**
 * kill -9 of the server under load, again and again on one data folder. Each line has a number of its own, and a client
 * repeats a batch under its key until it is acked: at the end every line was counted once, whatever died when. Late
 * lines and scheduled restatements run as well. MILLRACE_TORTURE_KILLS sets how often, MILLRACE_SEED when.
 */
import { it } from 'vitest'
import { seeded } from '../contract/random-groups.ts'
import { Serving } from '../server/serving.ts'
import { randomShare } from '../turn.ts'
import { TorturedWorld } from './tortured-world.ts'

const { count: KILLS, seed: SEED } = randomShare('MILLRACE_TORTURE_KILLS', 20, 2)
/** Some kills fall into the start itself. */
const LONGEST_LIFE_MS = 2500

const random = seeded(SEED)

it(`loses no acked line and counts none twice through ${KILLS} kills (seed ${SEED})`, async () => {
  const world = new TorturedWorld()
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await Serving.start(world.cwd)
    const sending = world.sendTo(server)
    await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_LIFE_MS))
    await server.stop('SIGKILL')
    await sending
    if ((kill + 1) % 50 === 0) console.log(`${kill + 1} kills, ${world.acked} lines acked`)
  }
  await world.expectAllOnce()
}, 36_000_000)
