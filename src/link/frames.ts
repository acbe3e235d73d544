/** Messages between processes of one machine and one version: a length of four bytes, then the structured clone. */
import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'

const HEAD_BYTES = 4

export function writeFrame(socket: Socket, message: unknown): void {
  const body = serialize(message)
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(body.length)
  socket.write(head)
  socket.write(body)
}

/** Every message that comes until the other side closes. */
export async function* readFrames(socket: Socket): AsyncGenerator<unknown, void, undefined> {
  let chunks: Buffer[] = []
  let held = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    held += chunk.length
    for (let need = needed(chunks, held); need !== undefined && held >= need; need = needed(chunks, held)) {
      const all = Buffer.concat(chunks)
      yield deserialize(all.subarray(HEAD_BYTES, need))
      chunks = [all.subarray(need)]
      held -= need
    }
  }
}

/** Bytes of the first message with its head; undefined until its head is there. */
function needed(chunks: Buffer[], held: number): number | undefined {
  if (held < HEAD_BYTES) return undefined
  if (chunks[0]!.length < HEAD_BYTES) chunks.splice(0, chunks.length, Buffer.concat(chunks))
  return HEAD_BYTES + chunks[0]!.readUInt32LE()
}
