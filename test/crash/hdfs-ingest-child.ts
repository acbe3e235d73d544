/** Ingests one content after another into HDFS until it is killed, and says what it was told. */
import { HdfsArchive, type HdfsArchiveOptions } from '../../src/engines/hdfs/archive.ts'
import { contentOf } from './ingest-content.ts'

async function ingestForever(options: HdfsArchiveOptions, firstSeed: number): Promise<never> {
  const archive = new HdfsArchive(options)
  for (let seed = firstSeed; ; seed++) {
    process.stdout.write(`begin ${seed}\n`)
    const { repeated } = await archive.ingest('web', [{ name: `${seed}`, open: () => chunksOf(seed) }])
    process.stdout.write(`${repeated ? 'again' : 'added'} ${seed}\n`)
    await archive.acknowledge('web')
    process.stdout.write(`acknowledged ${seed}\n`)
  }
}

async function* chunksOf(seed: number) {
  yield Buffer.from(contentOf(seed))
}

void ingestForever(JSON.parse(process.argv[2]!), Number(process.argv[3]))
