/** Looks at the first bytes of chunks without taking them away. */
import { HEAD_BYTES } from './content-kind.ts'
import type { Chunks } from './unpack.ts'

/** Reads as much as the kind of a content is told by, and gives it back in front of the rest. */
export async function peek(chunks: Chunks): Promise<{ head: Buffer; all: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const { value, done } = await iterator.next()
    if (done) break
    parts.push(Buffer.from(value))
    length += value.length
  }
  const head = Buffer.concat(parts)
  const rest: Chunks = { [Symbol.asyncIterator]: () => iterator }
  const all = async function* () {
    try {
      if (head.length > 0) yield head
      yield* rest
    } finally {
      await iterator.return?.()
    }
  }
  return { head, all: all() }
}
