/** The order of lines is durable before anybody is told of it, and what was torn is cut off before anything follows. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { realLogDisk } from '../../log/log-disk.ts'
import { Order } from './order.ts'
import { ORDER_FILE } from './order-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-order-file-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

/** What the files of the order are asked for from now on. */
function recordActs(): string[] {
  const acts: string[] = []
  const { openAppend } = realLogDisk
  vi.spyOn(realLogDisk, 'openAppend').mockImplementation(async (path, length) => {
    const file = await openAppend(path, length)
    return {
      append: async (buffers) => {
        acts.push('append')
        await file.append(buffers)
      },
      sync: async () => {
        await file.sync()
        acts.push('sync')
      },
      requireHeld: () => file.requireHeld(),
      close: () => file.close(),
    }
  })
  return acts
}

const entry = { partition: 0, firstRecord: 0, endRecord: 1, lines: 1, observedMs: 10, bytes: 7 }

it('syncs each entry before it is told of, and what was torn before the next one', async () => {
  const acts = recordActs()
  const order = await Order.create(folder, {
    ...{ topic: 't', topicId: 'id', incarnation: 'abc', firstOffset: 0, floorMs: 5 },
  })
  const told = (found: string) => acts.push(found)
  await order.add([entry], () => []).then(() => told('told'))
  await order.close()
  expect(acts).toEqual(['append', 'sync', 'told'])
  acts.splice(0)
  appendFileSync(join(folder, ORDER_FILE), 'torn')
  const again = (await Order.open(folder))!
  expect(acts).toEqual(['sync'])
  expect(again.endOffset).toBe(1)
  await again.close()
})
