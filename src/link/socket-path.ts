/** Where the server of a data folder listens for commands of the same machine. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** What `sun_path` of a socket's address holds on the systems that give it least (unix(7), unix(4)). */
const MOST_BYTES = 103

export function socketPath(dataDir: string): string {
  const path = join(resolve(dataDir), 'serve.sock')
  if (Buffer.byteLength(path) <= MOST_BYTES) return path
  const name = createHash('sha256').update(path).digest('hex').slice(0, 24)
  return join(tmpdir(), `millrace-${name}.sock`)
}
