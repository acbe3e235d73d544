/**
 * One HTTP request and its answer, by Node's own client: DataNodes send a `100 Continue` that nobody asked for,
 * which the global fetch takes for a broken answer.
 */
import * as http from 'node:http'
import * as https from 'node:https'
import { text } from 'node:stream/consumers'

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly url: URL
  readonly body?: { readonly bytes: number; chunks(): AsyncIterable<Uint8Array> }
  readonly signal?: AbortSignal | undefined
}

/** Silence on a connection for this long counts as its loss, where nobody has less patience. */
const SILENCE_MS = 60_000

/** Whoever should answer keeps the connection open and says nothing. */
export class SilenceFault extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(silenceMs: number) {
    super(`silent for ${silenceMs / 1000} s`)
  }
}

export class HttpExchanger {
  readonly #plain = new http.Agent({ keepAlive: true, maxSockets: 8 })
  readonly #secure: https.Agent
  readonly #silenceMs: number

  /** `ca` is a PEM text of the authorities to trust, in place of those that Node knows. */
  constructor(ca: string | undefined, patienceMs: number) {
    this.#silenceMs = Math.min(SILENCE_MS, patienceMs)
    this.#secure = new https.Agent({ keepAlive: true, maxSockets: 8, ...(ca !== undefined && { ca }) })
  }

  /** Resolves when the head of the answer is there; its body is still to be read. Rejects with Node's errors. */
  send({ method, url, body, signal }: Exchange): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:'
      const options = { method, agent: isSecure ? this.#secure : this.#plain, ...(signal && { signal }) }
      const request = isSecure ? https.request(url, options) : http.request(url, options)
      request.once('error', reject)
      request.once('response', (response) => {
        request.off('error', reject)
        // A fault after the head is met by whoever reads the body.
        request.on('error', (error) => response.destroy(error))
        resolve(response)
      })
      request.setTimeout(this.#silenceMs, () => request.destroy(new SilenceFault(this.#silenceMs)))
      if (!body) return request.end()
      request.setHeader('content-type', 'application/octet-stream')
      request.setHeader('content-length', body.bytes)
      sendBody(request, body.chunks()).catch((error: Error) => request.destroy(error))
    })
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }
}

/** The whole body of a short answer. */
export function readText(response: http.IncomingMessage): Promise<string> {
  return text(response)
}

/** Each chunk is copied, since the next may use the same memory while this one is still on its way. */
async function sendBody(request: http.ClientRequest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (request.destroyed) return
    if (request.write(Buffer.from(chunk))) continue
    await new Promise<void>((resolve) => {
      const goOn = () => {
        request.off('close', goOn)
        request.off('drain', goOn)
        resolve()
      }
      request.once('close', goOn)
      request.once('drain', goOn)
    })
  }
  request.end()
}
