/** What comes back: JSON of the NameNode, an exception of Hadoop's, or the bytes of a file. */
import type { IncomingMessage } from 'node:http'
import { readText } from './http-exchange.ts'
import { ContentFault, codeOf, RemoteFailure } from './storage-failure.ts'

/** The body, which must have this length. */
export async function* exactly(response: IncomingMessage, length: number): AsyncGenerator<Uint8Array> {
  let left = length
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      left -= chunk.length
      if (left < 0) throw new ContentFault(`it gave more than ${length} bytes`)
      yield chunk
    }
  } catch (error) {
    // It breaks off when a block is damaged, as it does when the DataNode dies.
    if (codeOf(error) === 'ECONNRESET') throw new ContentFault(`it gave ${length - left} of ${length} bytes`)
    throw error
  }
  if (left > 0) throw new ContentFault(`it gave ${length - left} of ${length} bytes`)
}

/** Errors: RemoteFailure. */
export async function jsonOf(response: IncomingMessage): Promise<unknown> {
  if (response.statusCode !== 200) throw await failureOf(response)
  const text = await readText(response)
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new RemoteFailure(200, '', 'the answer is not that of a NameNode')
  }
}

/** What an answer that is no success says. */
export async function failureOf(response: IncomingMessage): Promise<RemoteFailure> {
  const status = response.statusCode ?? 0
  const text = await readText(response).catch(() => '')
  try {
    const { exception, message } = (
      JSON.parse(text) as { RemoteException: { exception: string; message: string } }
    ).RemoteException
    return new RemoteFailure(status, exception, message)
  } catch {
    return new RemoteFailure(status, '', `it answered HTTP status ${status}`)
  }
}
