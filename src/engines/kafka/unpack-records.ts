/** Unpacks the records of a batch by the algorithm that its producer chose. */
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import type { Unpack } from './record-batch.ts'

const ZSTD = 4

/** Throws where this Node.js has no zstd. */
export const unpackRecords: Unpack = (compression, body) => {
  const algorithm = compressionsAlgorithmsByBitmask[compression]
  if (compression === ZSTD && algorithm?.available === false)
    throw new Error('its records are packed by zstd, which needs Node.js 22.15 or newer')
  if (!algorithm) throw new Error(`its records are packed by an unknown algorithm (${compression})`)
  return algorithm.decompressSync(body)
}
