import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { runBatchChild } from './batch-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-batch-process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('leaves nothing on a signal that outlives the batch', async () => {
  const path = join(folder, 'child.mjs')
  const answer = { type: 'error', code: 'BATCH_CANCELLED', message: 'no', exitCode: 1 }
  writeFileSync(
    path,
    `process.on('message', () => process.send(${JSON.stringify(answer)}, () => process.exit(1)))`,
  )
  const { signal } = new AbortController()
  const order = { type: 'start' as const, config: 'c', dataDir: 'd', range: {} }
  await expect(runBatchChild(pathToFileURL(path), order, () => undefined, signal)).rejects.toThrow('no')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
