/** No block is removed that may hold the only copy of a line. */
import { expect, it } from 'vitest'
import { blockName } from './block-name.ts'
import { type BlockFolder, removableBlocks } from './unnamed-blocks.ts'

const block = (firstOffset: number, endOffset: number) => ({
  ...{ name: blockName(firstOffset, endOffset), firstOffset, endOffset },
  ...{ rawBytes: 1, fileBytes: 1, sha256: '' },
})
const manifest = { source: 'web', nextOffset: 9, blocks: [block(0, 3), block(3, 6)], lost: [] }
const named = manifest.blocks.map(({ name }) => name)
const lost = [{ fromOffset: 6, endOffset: 9, acceptedMs: 0, acceptedBy: 'a@b' }]
const look = (names: readonly string[], folder: Partial<BlockFolder> = {}) =>
  removableBlocks({ ...manifest, lost }, { path: '/web', staged: new Set(), ...folder, names })

it('removes what a writer noted, what is half written, and what other blocks hold', () => {
  const merged = blockName(0, 6)
  const staged = blockName(9, 12)
  expect(look([...named, merged, staged, '9.tmp'], { staged: new Set([staged]) })).toEqual([
    ...[merged, staged, '9.tmp'],
  ])
  expect(look([...named, blockName(6, 9)])).toEqual([blockName(6, 9)])
})

it('keeps what other blocks do not hold, what is retired, and what is no block of ours', () => {
  const merged = blockName(0, 6)
  expect(look([named[0]!, merged])).toEqual([])
  expect(look([...named, merged], { retired: new Set([merged]) })).toEqual([])
  expect(look([...named, 'of-somebody.parquet'])).toEqual([])
})

it('refuses to go on beside blocks that only a newer manifest can have named', () => {
  const newer = blockName(9, 12)
  expect(() => look([...named, newer])).toThrow(expect.objectContaining({ code: 'ARCHIVE_NEWER_BLOCKS' }))
  expect(() => look([...named, blockName(6, 12)])).toThrow(blockName(6, 12))
})
