/** Ingests random lines into a folder under whatever limits its parent has set, and prints how that ended. */
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { seeded } from '../contract/random-groups.ts'

const [dataDir = '', name = '', megabytes = '1'] = process.argv.slice(2)
const mirror = process.argv[5]
const archive = new FilesArchive({
  dataDir,
  ...(mirror && { mirror }),
  limits: { pieceBytes: 1 << 18, blockBytes: 1 << 20 },
})

/** Lines that hardly compress, so that the disk fills. */
async function* randomLines() {
  const random = seeded(Number(megabytes))
  for (let chunk = 0; chunk < Number(megabytes) * 16; chunk++) {
    const bytes = Buffer.from(Uint8Array.from({ length: 49_152 }, () => random() * 256))
    yield Buffer.from(`${bytes.toString('base64').replace(/.{100}/g, '$&\n')}\n`)
  }
}

archive.ingest('web', [{ name, open: randomLines }]).then(
  async ({ lines }) => {
    await archive.acknowledge('web')
    console.log(JSON.stringify({ lines }))
  },
  ({ code, message }) => console.log(JSON.stringify({ code, message })),
)
