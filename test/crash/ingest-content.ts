/** What the crashing ingests write: each content is known by its seed. */

/** Small, so that an ingest has several blocks. */
export const LIMITS = { pieceBytes: 16_384, blockBytes: 65_536 }

export function linesOfSeed(seed: number): string[] {
  const count = 1 + ((seed * 7919) % 6000)
  return Array.from({ length: count }, (_, index) => `seed ${seed} line ${index} of ${count}`)
}

export function contentOf(seed: number): string {
  return linesOfSeed(seed).join('\n')
}
