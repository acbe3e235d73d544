/** The end of a process's log, for errors. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const TAIL_BYTES = 16_384
const TAIL_LINES = 25

/** What was written from byte `from` on, at most its last lines. */
export function tailLog(path, from = 0) {
  let file
  try {
    file = openSync(path, 'r')
  } catch {
    return '(there is no log)'
  }
  try {
    const { size } = fstatSync(file)
    const start = Math.max(from, size - TAIL_BYTES, 0)
    const bytes = Buffer.alloc(Math.max(0, size - start))
    readSync(file, bytes, 0, bytes.length, start)
    const lines = bytes.toString('utf8').trimEnd().split('\n').slice(-TAIL_LINES)
    return lines.join('\n') || '(the log is empty)'
  } finally {
    closeSync(file)
  }
}
