/** Ingests one content after another until it is killed, and says what it was told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { contentOf, LIMITS } from './ingest-content.ts'

async function ingestForever(folder: string, firstSeed: number): Promise<never> {
  const archive = new FilesArchive({
    dataDir: `${folder}/data`,
    mirror: `${folder}/mirror`,
    limits: LIMITS,
  })
  for (let seed = firstSeed; ; seed++) {
    process.stdout.write(`begin ${seed}\n`)
    const { repeated } = await archive.ingest('web', [{ name: `${seed}`, open: () => chunksOf(seed) }])
    process.stdout.write(`${repeated ? 'again' : 'added'} ${seed}\n`)
    // Most kills should come before a result was told, but some between telling and acknowledging.
    if (seed % 5 === 0) await sleep(20)
    await archive.acknowledge('web')
    process.stdout.write(`acknowledged ${seed}\n`)
  }
}

async function* chunksOf(seed: number) {
  yield Buffer.from(contentOf(seed))
}

void ingestForever(process.argv[2]!, Number(process.argv[3]))
