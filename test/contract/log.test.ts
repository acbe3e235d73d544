/** The log on plain files keeps the contract, with segments of a few hundred bytes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FilesLog } from '../../src/engines/files/log.ts'
import { describeLog } from './log.contract.ts'

describeLog('files', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-log-'))
  let nowMs = 0
  const clocks = { now: () => nowMs, steady: () => 0 }
  return {
    open: () => FilesLog.open({ dataDir, clocks, segmentBytes: 600, firstOffset: async () => 100 }),
    setNow: (ms) => {
      nowMs = ms
    },
    remove: () => rm(dataDir, { recursive: true }),
  }
})
