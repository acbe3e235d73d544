/** One digest for some folders: of its files' names and contents, whatever their dates, modes and order. */
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** SHA-256 of the sorted lines `<SHA-256 of the file>  <path below base>`; links are passed over. */
export async function digestFolders(base, folders) {
  const lines = []
  for (const path of folders.flatMap((folder) => listFiles(join(base, folder))))
    lines.push(`${await digestFile(path)}  ${relative(base, path).replaceAll('\\', '/')}\n`)
  lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
  return createHash('sha256').update(lines.join('')).digest('hex')
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return listFiles(path)
    return entry.isFile() ? [path] : []
  })
}

async function digestFile(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
