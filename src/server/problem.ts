/** What a request is refused with: a status, a stable code, and a sentence that says what to do. */
import type { ServerResponse } from 'node:http'

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export function answerProblem(response: ServerResponse, problem: Problem): void {
  const { status, code, message, retryAfterSeconds } = problem
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds)
  // The rest of a body that was refused is not worth reading.
  if (!response.req.complete) response.setHeader('Connection', 'close')
  answerJson(response, status, { error: { code, message } })
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
