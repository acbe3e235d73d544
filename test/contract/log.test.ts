/** The log on plain files keeps the contract, with segments of a few hundred bytes, whatever of them is in memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecentBatches } from '../../src/engines/files/log/recent-batches.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { describeLog } from './log.contract.ts'

const subject = (recentBytes?: number) => async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-log-'))
  let nowMs = 0
  const clocks = { now: () => nowMs, steady: () => 0 }
  return {
    open: () =>
      FilesLog.open({
        dataDir,
        clocks,
        segmentBytes: 600,
        firstOffset: async () => 100,
        recent: new RecentBatches(recentBytes),
      }),
    setNow: (ms: number) => {
      nowMs = ms
    },
    remove: () => rm(dataDir, { recursive: true }),
  }
}

describeLog('files', subject())
describeLog('files, read from the disk alone', subject(0))
