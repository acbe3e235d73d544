/** Follows what a running driver says: where its pages are, and signs that it waits in vain. */
import { open } from 'node:fs/promises'

export interface DriverNews {
  /** `http://host:port` of its pages and its id; undefined until it told them. */
  readonly pages?: { readonly url: string; readonly application: string }
  /** Why waiting longer is of no use. */
  readonly hopeless?: Hopeless
}

export interface Hopeless {
  readonly code: 'BATCH_MASTER_UNREACHABLE' | 'BATCH_NO_RESOURCES'
  readonly why: string
}

const STARTED = /^Spark Web UI available at (\S+)\n.*Application Id: (\S+)$/m
const NO_MASTER = /(?:Could not|Failed to) connect to (?:master )?\S+:\d+/g
const STARVING = 'Initial job has not accepted any resources'
/** The master was given a second chance, 20 s after the first. */
const MASTER_TRIES = 2
/** A driver without executors complains every 15 s; one that is silent for longer has been given some. */
const COMPLAINT_MS = 25_000

/** Gets the log in pieces; each call tells all that is known by then. */
export class DriverWatch {
  readonly #isOneMaster: boolean
  readonly #patienceMs: number
  #text = ''
  #complaints: { readonly firstMs: number; readonly lastMs: number } | undefined

  /** `patienceMs` counts from the first sign that nobody gives the application an executor. */
  constructor(master: string, patienceMs: number) {
    this.#isOneMaster = !master.includes(',')
    this.#patienceMs = patienceMs
  }

  hear(piece: string, nowMs: number): DriverNews {
    // Only its beginning matters: what a driver says later is of the job.
    if (this.#text.length < 200_000) this.#text += piece
    const started = STARTED.exec(this.#text)
    const hopeless = this.#findHopeless(nowMs, piece)
    return {
      ...(started && { pages: { url: started[1]!, application: started[2]! } }),
      ...(hopeless && { hopeless }),
    }
  }

  #findHopeless(nowMs: number, piece: string): Hopeless | undefined {
    const tries = this.#text.match(/Failed to connect to master /g)?.length ?? 0
    if (this.#isOneMaster && tries >= MASTER_TRIES && !STARTED.test(this.#text))
      return { code: 'BATCH_MASTER_UNREACHABLE', why: this.#masterFault() }
    if (piece.includes(STARVING)) this.#complaints = { firstMs: nowMs, ...this.#complaints, lastMs: nowMs }
    if (!this.#complaints) return undefined
    const { firstMs, lastMs } = this.#complaints
    if (nowMs - lastMs > COMPLAINT_MS) this.#complaints = undefined
    else if (nowMs - firstMs >= this.#patienceMs)
      return {
        code: 'BATCH_NO_RESOURCES',
        why: 'it was given no executor, or each ended as soon as it had started',
      }
    return undefined
  }

  #masterFault(): string {
    const cause = this.#text
      .split('\n')
      .filter((line) => line.startsWith('Caused by: '))
      .at(-1)
    const fault =
      cause?.slice('Caused by: '.length) ?? this.#text.match(NO_MASTER)?.[0] ?? 'it does not answer'
    return /Too large frame|InvalidProtocol/.test(fault)
      ? 'what answers there is not a master; this may be the port of its web page'
      : fault
  }
}

/** What was added to a file since the last call. */
export class FileTail {
  readonly #path: string
  #position = 0

  constructor(path: string) {
    this.#path = path
  }

  async read(): Promise<string> {
    const file = await open(this.#path).catch(() => undefined)
    if (!file) return ''
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.max(0, size - this.#position)),
        0,
        undefined,
        this.#position,
      )
      this.#position += bytesRead
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  }
}
