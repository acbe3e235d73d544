/** What every log must do; each adapter runs this suite on a fixture of its own. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Appended, IdempotencyKey, Log, LogBatch, StoredBatch } from '../../src/ports/log.ts'

export interface LogFixture {
  /** The log as a new process would open it; the one before must be closed. New sources begin at 100. */
  open(): Promise<Log>
  /** Sets the wall clock. */
  setNow(ms: number): void
  remove(): Promise<void>
}

export function batchOf(text: string, idempotency?: IdempotencyKey): LogBatch {
  const chunks = [Buffer.from(text.slice(0, 3)), Buffer.from(text.slice(3))]
  return { chunks, lines: text.split('\n').length - 1, ...(idempotency && { idempotency }) }
}

export function keyOf(key: string, text: string, scope = 'web'): IdempotencyKey {
  return { scope, key, digest: createHash('sha256').update(text).digest() }
}

export function textOf(batches: readonly StoredBatch[]): string {
  return batches.map(({ bytes }) => Buffer.from(bytes).toString()).join('')
}

export async function readAll(
  log: Log,
  source: string,
  from: number,
  maxBytes = 1000,
): Promise<StoredBatch[]> {
  const all: StoredBatch[] = []
  for (let offset = from; ; offset = all.at(-1)!.endOffset) {
    const batches = await log.read(source, offset, maxBytes)
    if (batches.length === 0) return all
    all.push(...batches)
  }
}

export function describeLog(name: string, makeFixture: () => Promise<LogFixture>): void {
  describe(`log contract: ${name}`, () => {
    let fixture: LogFixture
    let log: Log
    beforeEach(async () => {
      fixture = await makeFixture()
      fixture.setNow(1000)
      log = await fixture.open()
    })
    afterEach(async () => {
      await log.close()
      await fixture.remove()
    })

    async function reopen(): Promise<void> {
      await log.close()
      log = await fixture.open()
    }

    it('gives each line the next offset, and reads the bytes back', async () => {
      expect(log.sources()).toEqual([])
      const first = await log.append('web', batchOf('one\ntwo\n'))
      expect(first).toEqual({ firstOffset: 100, endOffset: 102, observedMs: 1000, isDuplicate: false })
      fixture.setNow(2000)
      expect(await log.append('web', batchOf('three\r\n'))).toMatchObject({
        firstOffset: 102,
        observedMs: 2000,
      })
      const batches = await readAll(log, 'web', 100)
      expect(textOf(batches)).toBe('one\ntwo\nthree\r\n')
      expect(
        batches.map(({ observedMs, firstOffset, endOffset }) => [observedMs, firstOffset, endOffset]),
      ).toEqual([
        [1000, 100, 102],
        [2000, 102, 103],
      ])
      expect(log.end('web')).toEqual({ endOffset: 103, clockMs: 2000 })
    })

    it('tells the time of a source without a log, and never an earlier one', async () => {
      expect(await log.idleClock('web')).toBe(1000)
      fixture.setNow(3000)
      expect(await log.idleClock('web')).toBe(3000)
      fixture.setNow(2000)
      expect(await log.idleClock('web')).toBe(3000)
    })

    it('reads from the batch that holds an offset on, some at a time', async () => {
      for (let index = 0; index < 50; index++) await log.append('web', batchOf(`a${index}\nb${index}\n`))
      const [batch] = await log.read('web', 131, 1)
      expect(batch).toMatchObject({ firstOffset: 130, endOffset: 132 })
      expect(textOf(await readAll(log, 'web', 131, 60))).toMatch(/^a15\nb15\na16\n(.*\n)*b49\n$/)
      expect(await log.read('web', 200, 1000)).toEqual([])
    })

    it('keeps everything when it is opened anew, and goes on', async () => {
      for (let index = 0; index < 50; index++) await log.append('web', batchOf(`line ${index}\n`))
      await log.append('other', batchOf('x\n'))
      const before = await readAll(log, 'web', 100)
      const sources = log.sources()
      await reopen()
      expect(await readAll(log, 'web', 100)).toEqual(before)
      expect(log.sources()).toEqual([...sources].sort((a, b) => (a.source < b.source ? -1 : 1)))
      expect(await log.append('web', batchOf('more\n'))).toMatchObject({ firstOffset: 150 })
    })

    it('gives back the context of each batch, also when it is opened again', async () => {
      const contexts = ['{"format":1}', undefined, '{"format":1,"path":"ä"}', '{"format":1,"path":"ä"}']
      const appended = contexts.map((context, index) =>
        log.append('web', { ...batchOf(`${index}\n`, keyOf(`k${index}`, '')), ...(context && { context }) }),
      )
      await Promise.all(appended)
      const contextsOf = async () =>
        (await readAll(log, 'web', 100)).flatMap(({ context, bytes }) =>
          textOf([{ bytes } as StoredBatch])
            .trimEnd()
            .split('\n')
            .map((line) => [line, context]),
        )
      const expected = contexts.map((context, index) => [String(index), context])
      expect(await contextsOf()).toEqual(expected)
      await reopen()
      expect(await contextsOf()).toEqual(expected)
      expect(await log.append('web', batchOf('2\n', keyOf('k2', '')))).toMatchObject({ isDuplicate: true })
    })

    it('acks appends that come together, each with offsets of its own', async () => {
      const texts = Array.from({ length: 200 }, (_, index) => `line ${index}\n`.repeat((index % 3) + 1))
      const acks = await Promise.all(texts.map((text) => log.append('web', batchOf(text))))
      const byOffset = acks
        .map((ack, index): [Appended, string] => [ack, texts[index]!])
        .sort(([a], [b]) => a.firstOffset - b.firstOffset)
      let next = 100
      for (const [{ firstOffset, endOffset }] of byOffset) {
        expect(firstOffset).toBe(next)
        next = endOffset
      }
      expect(textOf(await readAll(log, 'web', 100))).toBe(byOffset.map(([, text]) => text).join(''))
    })

    it('counts a batch that is repeated under its key once, also after a restart and at the same time', async () => {
      const batch = () => batchOf('pay\n', keyOf('k1', 'pay\n'))
      const [first, second] = await Promise.all([log.append('web', batch()), log.append('web', batch())])
      expect([first.isDuplicate, second.isDuplicate]).toEqual([false, true])
      for (let index = 0; index < 50; index++) await log.append('web', batchOf(`line ${index}\n`))
      await reopen()
      expect(await log.append('web', batch())).toEqual({ ...first, isDuplicate: true })
      expect(await log.append('web', batchOf('pay\n', keyOf('k1', 'pay\n', 'another')))).toMatchObject({
        isDuplicate: false,
      })
      await expect(log.append('web', batchOf('pay2\n', keyOf('k1', 'pay2\n')))).rejects.toMatchObject({
        code: 'LOG_KEY_REUSED',
      })
    })

    it('never lets the observed clock run backwards, across restarts', async () => {
      fixture.setNow(5000)
      await log.append('web', batchOf('a\n'))
      fixture.setNow(3000)
      expect(await log.append('web', batchOf('b\n'))).toMatchObject({ observedMs: 5000 })
      await reopen()
      expect(await log.append('web', batchOf('c\n'))).toMatchObject({ observedMs: 5000 })
      expect(log.end('web').clockMs).toBe(5000)
    })

    it('stops while the clock is far ahead, and goes on when it is back', async () => {
      await log.append('web', batchOf('a\n'))
      fixture.setNow(1000 + 2 * 3_600_000)
      await expect(log.append('web', batchOf('b\n'))).rejects.toMatchObject({ code: 'LOG_CLOCK_JUMPED' })
      fixture.setNow(1001)
      expect(await log.append('web', batchOf('c\n'))).toMatchObject({ firstOffset: 101, observedMs: 1001 })
      expect(log.failure).toBeUndefined()
    })

    it('acks nothing while its clock is far from the wall clock, either way, and says why', async () => {
      const stampMs = 366 * 24 * 3_600_000
      for (const [wallMs, code] of [
        [stampMs - 3_600_001, 'LOG_CLOCK_BEHIND'],
        [2 * stampMs + 1, 'LOG_CLOCK_UNCONFIRMED'],
      ] as const) {
        fixture.setNow(stampMs)
        await reopen()
        await log.append('web', batchOf('a\n'))
        const before = log.end('web')
        fixture.setNow(wallMs)
        await reopen()
        await expect(log.append('web', batchOf('b\n', keyOf('k', 'b\n')))).rejects.toMatchObject({ code })
        await expect(log.append('web', batchOf('b\n'))).rejects.toMatchObject({ code })
        expect(log.trouble).toMatchObject({ code })
        expect([log.failure, log.end('web')]).toEqual([undefined, before])
        fixture.setNow(stampMs)
        expect(await log.append('web', batchOf('c\n'))).toMatchObject({ observedMs: stampMs })
        expect(log.trouble).toBeUndefined()
      }
    })

    it('tells those who wait', async () => {
      await log.append('web', batchOf('a\n'))
      const stop = new AbortController()
      const waiting = log.wait('web', 101, stop.signal)
      let isTold = false
      void waiting.then(() => {
        isTold = true
      })
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(isTold).toBe(false)
      await log.append('web', batchOf('b\n'))
      await waiting
      const second = log.wait('web', 102, stop.signal)
      stop.abort()
      await second
    })

    it('gives up what is trimmed, and says so', async () => {
      for (let index = 0; index < 100; index++) await log.append('web', batchOf(`line ${index}\n`))
      await log.trim('web', 160)
      const [{ startOffset } = { startOffset: 0 }] = log.sources()
      expect(startOffset).toBeGreaterThan(100)
      expect(startOffset).toBeLessThanOrEqual(160)
      expect(await readAll(log, 'web', startOffset)).toHaveLength(200 - startOffset)
      await expect(log.read('web', 100, 10)).rejects.toMatchObject({ code: 'LOG_TRIMMED' })
      await reopen()
      expect(log.sources()).toMatchObject([{ startOffset }])
      await log.trim('web', 200)
      expect(await log.append('web', batchOf('more\n'))).toMatchObject({ firstOffset: 200 })
    })
  })
}
