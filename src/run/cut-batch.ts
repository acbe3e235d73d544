/** A part of a batch that a log gave. */
import type { StoredBatch } from '../ports/log.ts'

/** Without the lines from an offset on. */
export function cutAt(batch: StoredBatch, endOffset: number): StoredBatch {
  const { bytes, firstOffset } = batch
  let at = 0
  for (let line = firstOffset; line < endOffset; line++) at = bytes.indexOf(NEWLINE, at) + 1
  return { ...batch, endOffset, bytes: bytes.subarray(0, at) }
}

const NEWLINE = 0x0a
