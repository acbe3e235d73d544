/** Cuts the batches of clients that wait together into batches of records, each small enough for the topic. */
import type { IdempotencyKey, LogBatch } from '../../ports/log.ts'
import { HEADER, type KeyedLines, printHeader } from './door-header.ts'
import type { LineBatch } from './record-batch.ts'

/** All its lines have one context. */
export interface CutBatch extends LineBatch {
  readonly context: string | undefined
}

export interface GroupMember {
  readonly batch: LogBatch
  readonly bytes: number
}

export interface CutGroup<Member extends GroupMember = GroupMember> {
  readonly batches: readonly CutBatch[]
  /** In order, with the number of their first line within the group. */
  readonly members: readonly { readonly member: Member; readonly line: number }[]
  /** Members with a line that no batch of records can hold. */
  readonly tooLong: readonly Member[]
}

export interface CutOptions {
  readonly observedMs: number
  readonly incarnation: string
  /** The offset that its first line gets. */
  readonly firstOffset: number
  /** Of a batch of records, as the topic is set. */
  readonly mostBytes: number
}

/** About what a batch of records holds; larger ones are no faster. */
const BATCH_BYTES = 1024 * 1024
/** A batch's own head, and what its first record has around its line, header included. */
const HEAD_BYTES = 20_000
/** What another record has around its line. */
const RECORD_BYTES = 19
const NEWLINE = 0x0a

export function cutGroup<Member extends GroupMember>(
  group: readonly Member[],
  options: CutOptions,
): CutGroup<Member> {
  const cutter = new Cutter<Member>(options)
  for (const member of group) cutter.add(member)
  return cutter.finish()
}

class Cutter<Member extends GroupMember> {
  readonly #options: CutOptions
  readonly #most: number
  readonly #batches: CutBatch[] = []
  readonly #members: { member: Member; line: number }[] = []
  readonly #tooLong: Member[] = []
  #parts: Buffer[] = []
  #headers = new Map<number, Buffer>()
  #lines = 0
  #bytes = 0
  #groupLines = 0
  #context: string | undefined

  constructor(options: CutOptions) {
    this.#options = options
    this.#most = options.mostBytes - HEAD_BYTES
  }

  add(member: Member): void {
    const text = Buffer.concat(member.batch.chunks)
    const { context } = member.batch
    if (longestLine(text) + RECORD_BYTES + headBytes(context) > this.#most) {
      this.#tooLong.push(member)
      return
    }
    if (context !== this.#context) this.#close()
    this.#context = context
    this.#members.push({ member, line: this.#groupLines })
    const { idempotency, lines } = member.batch
    let key: IdempotencyKey | undefined = idempotency
    for (let from = 0; from < text.length; ) {
      const room = this.#room
      const part = takeLines(text, from, room)
      if (part.lines === 0) {
        this.#close()
        continue
      }
      if (key || this.#lines === 0) this.#headers.set(this.#lines, this.#header(key && { ...key, lines }))
      if (this.#lines === 0) this.#bytes = headBytes(context)
      this.#parts.push(text.subarray(from, part.end))
      this.#lines += part.lines
      this.#bytes += part.end - from + part.lines * RECORD_BYTES + (key ? HEAD_BYTES : 0)
      this.#groupLines += part.lines
      from = part.end
      key = undefined
    }
  }

  finish(): CutGroup<Member> {
    this.#close()
    return { batches: this.#batches, members: this.#members, tooLong: this.#tooLong }
  }

  #header(keyed: KeyedLines | undefined): Buffer {
    const { incarnation: log, firstOffset } = this.#options
    const isFirst = this.#lines === 0
    const facts = isFirst ? { context: this.#context, turn: firstOffset + this.#groupLines } : {}
    return printHeader({ log, keyed, ...facts })
  }

  /** An empty batch has room for whatever line the topic takes. */
  get #room(): number {
    return this.#lines === 0 ? Number.POSITIVE_INFINITY : Math.min(BATCH_BYTES, this.#most) - this.#bytes
  }

  #close(): void {
    if (this.#lines === 0) return
    const { observedMs: timestampMs } = this.#options
    const text = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#batches.push({
      ...{ text, lines: this.#lines, timestampMs, context: this.#context },
      ...{ headers: this.#headers, headerName: HEADER },
    })
    this.#parts = []
    this.#headers = new Map()
    this.#lines = 0
    this.#bytes = 0
  }
}

/** What a context takes in the header of a batch's first record, where each of its quotes has a backslash. */
function headBytes(context: string | undefined): number {
  return context === undefined ? 0 : Buffer.byteLength(JSON.stringify({ context }))
}

function longestLine(text: Buffer): number {
  let longest = 0
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(NEWLINE, from)
    longest = Math.max(longest, end - from)
    from = end + 1
  }
  return longest
}

/** Whole lines from here on that fit; with endless room those that make a batch, one at least. */
function takeLines(text: Buffer, from: number, room: number): { lines: number; end: number } {
  const isFirst = room === Number.POSITIVE_INFINITY
  const most = isFirst ? BATCH_BYTES : room
  let [lines, end] = [0, from]
  while (end < text.length) {
    const next = text.indexOf(NEWLINE, end) + 1
    const fits = next - from + (lines + 1) * RECORD_BYTES <= most
    if (!fits && !(isFirst && lines === 0)) break
    end = next
    lines++
  }
  return { lines, end }
}
