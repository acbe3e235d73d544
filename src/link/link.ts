/** A command's side of the link to the server that owns its data folder. */
import { connect, type Socket } from 'node:net'
import { type ErrorCode, MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { readFrames, writeFrame } from './frames.ts'
import { findSocket } from './socket-path.ts'

export interface Call {
  readonly method: string
  readonly args: readonly unknown[]
}

/** The server asks back with `ask`, as often as it likes, before it tells how the call ended, and says `alive` meanwhile. */
export type Reply =
  | { readonly alive: true }
  | { readonly ask: readonly unknown[] }
  | { readonly value: unknown }
  | { readonly error: SentError }

/** `code` is absent for an error that nobody foresaw. */
export interface SentError {
  readonly code?: ErrorCode
  readonly params?: Readonly<Record<string, string | number>>
  readonly message: string
}

/** Called back by the server in the course of a call. */
export type Answer = (...question: readonly never[]) => unknown

export interface LinkOptions {
  /** For how long nothing may come from a server that was asked. */
  readonly patienceMs?: number
  /** Ends a call that waits. */
  readonly signal?: AbortSignal
  /** Of the server, for the message. */
  readonly pid?: number | undefined
  /** Who asks, for the message. */
  readonly user?: string
}

/** A server that works says so every second; on a busy machine it may be kept from that for a while. */
const PATIENCE_MS = 30_000

/** One look that finds nothing may be this process's own pause, after which it reads what has come meanwhile. */
const LOOKS = 5

export class Link {
  readonly #socket: Socket
  readonly #options: LinkOptions
  readonly #replies: AsyncGenerator<unknown, void, undefined>
  /** One call at a time. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket, options: LinkOptions) {
    this.#socket = socket
    this.#options = options
    this.#replies = readFrames(socket)
  }

  /** Undefined where no server runs on the data folder. Errors: SERVE_UNREACHABLE. */
  static async open(dataDir: string, options: LinkOptions = {}): Promise<Link | undefined> {
    const unreachable = (cause: Error) => {
      const params = { path: dataDir, user: options.user ?? 'unknown', why: systemReason(cause) }
      return new MillraceError('SERVE_UNREACHABLE', params, { cause })
    }
    const path = await findSocket(dataDir).catch((error: Error) => Promise.reject(unreachable(error)))
    if (path === undefined) return undefined
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once('connect', () => resolve(new Link(socket, options)))
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // None was ever there, nor can be where the folder is a file; or it was killed.
        if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(error.code ?? '')) resolve(undefined)
        else reject(unreachable(error))
      })
    })
  }

  /** Errors: those of the method, SERVE_GONE, SERVE_SILENT. */
  call(method: string, args: readonly unknown[], answer?: Answer): Promise<unknown> {
    const called = this.#last.then(() => this.#listening(() => this.#call({ method, args }, answer)))
    this.#last = called.catch(() => undefined)
    return called
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Lets an act end when the server says nothing any more, or when the command is to stop. */
  async #listening<T>(act: () => Promise<T>): Promise<T> {
    const { patienceMs = PATIENCE_MS, pid, signal } = this.#options
    const silent = () => new MillraceError('SERVE_SILENT', { seconds: patienceMs / 1000, pid: pid ?? 'PID' })
    let heard = this.#socket.bytesRead
    let looks = 0
    const look = setInterval(() => {
      looks = this.#socket.bytesRead === heard ? looks + 1 : 0
      heard = this.#socket.bytesRead
      if (looks >= LOOKS) this.#socket.destroy(silent())
    }, patienceMs / LOOKS)
    const stop = () => this.#socket.destroy(new Error('the command was stopped'))
    signal?.addEventListener('abort', stop)
    try {
      if (signal?.aborted) stop()
      return await act()
    } finally {
      clearInterval(look)
      signal?.removeEventListener('abort', stop)
    }
  }

  async #call(call: Call, answer?: Answer): Promise<unknown> {
    writeFrame(this.#socket, call)
    for (;;) {
      const reply = await this.#receive()
      if ('alive' in reply) continue
      if ('value' in reply) return reply.value
      if ('error' in reply) throw revive(reply.error)
      // bounded: what the other side's call of the answer had as arguments
      writeFrame(this.#socket, await answer?.(...(reply.ask as never[])))
    }
  }

  async #receive(): Promise<Reply> {
    const gone = (cause?: unknown) => new MillraceError('SERVE_GONE', {}, { cause })
    const next = await this.#replies.next().catch((error: unknown) => {
      throw error instanceof MillraceError ? error : gone(error)
    })
    if (next.done) throw gone()
    return next.value as Reply
  }
}

function revive({ code, params, message }: SentError): Error {
  return code ? new MillraceError(code, { ...params }) : new Error(message)
}
