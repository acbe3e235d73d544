/** The server's side of the link: answers the calls of commands on the same machine. */
import { chmod } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { MillraceError } from '../core/error.ts'
import { readFrames, writeFrame } from './frames.ts'
import type { Call, Reply, SentError } from './link.ts'
import { placeSocket } from './socket-path.ts'

/** Asks the command that called. */
export type Ask = (...question: readonly unknown[]) => Promise<unknown>

export type Methods = Readonly<Record<string, (args: readonly never[], ask: Ask) => Promise<unknown>>>

/** How often a command hears that the server works at what it asked. */
const PULSE_MS = 1000

/** Only this user may connect. The caller holds the folder's lock, so that a socket left here is of a dead server. */
export async function offerLink(
  dataDir: string,
  methods: Methods,
  pulseMs = PULSE_MS,
): Promise<{ close(): Promise<void> }> {
  const place = await placeSocket(dataDir)
  const { path } = place
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    // A command that is gone hears nothing; what it had asked for has been answered or rolled back.
    serve(socket, methods, pulseMs).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new MillraceError('SERVE_NO_LINK', { path, why: error.message }, { cause: error })),
    )
    server.listen(path, resolve)
  }).catch(async (error: unknown) => {
    await place.remove()
    throw error
  })
  await chmod(path, 0o600)
  await place.show()
  return {
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await place.remove()
    },
  }
}

async function serve(socket: Socket, methods: Methods, pulseMs: number): Promise<void> {
  const messages = readFrames(socket)
  const ask: Ask = async (...question) => {
    send(socket, { ask: question })
    const { value, done } = await messages.next()
    if (done) throw new Error('the command that asked is gone')
    return value
  }
  for (let next = await messages.next(); !next.done; next = await messages.next()) {
    const { method, args } = next.value as Call
    const pulse = setInterval(() => socket.writable && send(socket, { alive: true }), pulseMs)
    const reply = await answer(methods, method, args, ask).finally(() => clearInterval(pulse))
    send(socket, reply)
  }
}

async function answer(methods: Methods, method: string, args: readonly unknown[], ask: Ask): Promise<Reply> {
  try {
    if (!Object.hasOwn(methods, method)) throw new Error(`the server knows no method ${method}`)
    return { value: await methods[method]!(args as never[], ask) }
  } catch (error) {
    return { error: sendable(error) }
  }
}

function send(socket: Socket, reply: Reply): void {
  writeFrame(socket, reply)
}

function sendable(error: unknown): SentError {
  if (error instanceof MillraceError)
    return { code: error.code, params: error.params, message: error.message }
  return { message: error instanceof Error ? error.message : String(error) }
}
