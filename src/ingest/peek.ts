/** Looks at the first bytes of chunks without taking them away. */
import { HEAD_BYTES } from './content-kind.ts'
import type { Chunks } from './unpack.ts'

/**
 * Reads as much as the kind of a content is told by, and gives it back in front of the rest. A chunk of fewer bytes must
 * stay as it is when the next one is asked for.
 */
export async function peek(chunks: Chunks): Promise<{ head: Buffer; all: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let isEnd = false
  for (let length = 0; length < HEAD_BYTES && !isEnd; ) {
    const { value, done } = await iterator.next()
    if (done) isEnd = true
    else {
      parts.push(value)
      length += value.length
    }
  }
  return { head: joined(parts), all: inFront(parts, isEnd ? undefined : iterator) }
}

function joined(parts: readonly Uint8Array[]): Buffer {
  const [only, ...others] = parts
  if (only && others.length === 0) return Buffer.from(only.buffer, only.byteOffset, only.length)
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat(parts, Math.min(length, HEAD_BYTES))
}

async function* inFront(
  parts: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array> | undefined,
): Chunks {
  try {
    for (const part of parts) if (part.length > 0) yield part
    if (iterator) yield* { [Symbol.asyncIterator]: () => iterator }
  } finally {
    await iterator?.return?.()
  }
}
