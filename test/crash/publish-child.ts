/** Publishes one run after another until it is killed, and says when each begins and has been committed. */
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { randomGroups, seeded } from '../contract/random-groups.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'

async function publishForever(dir: string, firstSeed: number): Promise<never> {
  for (let seed = firstSeed; ; seed++) {
    const publication = await stage(dir, makePlan(), randomGroups(seeded(seed), 400), { name: `seed${seed}` })
    const report = await openDuckdbReport(dir, 'write')
    process.stdout.write(`start ${seed}\n`)
    await report.publish(publication)
    process.stdout.write(`done ${seed}\n`)
    await report.close()
  }
}

void publishForever(process.argv[2]!, Number(process.argv[3]))
