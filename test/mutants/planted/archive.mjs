/** Faults of ingesting, blocks and manifests. */
const BATCHES = 'src/archive/append-batches.ts'
const DISK = 'src/archive/disk.ts'
const MANIFEST = 'src/archive/manifest-text.ts'
const STORE = 'src/engines/files/manifest-store.ts'
const CUTTER = 'src/archive/piece-cutter.ts'

const CONTRACT = [
  'src/archive/manifest-text.test.ts',
  'src/archive/disk.test.ts',
  'test/contract/archive-files.test.ts',
  'src/engines/files/recovery.test.ts',
]
const POWER = ['test/crash/power-cut.test.ts']

export default [
  {
    fault: 'lines that the archive has already are appended once more',
    ...{
      file: BATCHES,
      from: 'if (batch.endOffset <= next) continue',
      to: 'if (batch.endOffset < 0) continue',
    },
    tests: ['src/run/archive-log.test.ts', ...CONTRACT],
  },
  {
    fault: 'a batch that begins below the archive is not cut',
    ...{ file: BATCHES, from: 'batch.firstOffset < next ? cutBelow(batch, next) : batch', to: 'batch' },
    tests: ['src/run/archive-log.test.ts', ...CONTRACT],
  },
  {
    fault: 'a gap between archive and log is archived',
    ...{
      file: BATCHES,
      from: 'if (batch.firstOffset > next)',
      to: 'if (batch.firstOffset > next && next < 0)',
    },
    tests: ['src/run/archive-log.test.ts', ...CONTRACT],
  },
  {
    fault: 'a file is renamed before its bytes are synced',
    ...{ file: DISK, from: '    await disk.syncFile(join(folder, `${name}.tmp`))\n', to: '' },
    tests: POWER,
  },
  {
    fault: 'a rename is not synced',
    ...{
      file: DISK,
      from: '  for (const name of names) await disk.rename(join(folder, `${name}.tmp`), join(folder, name))\n  await disk.syncFolder(folder)',
      to: '  for (const name of names) await disk.rename(join(folder, `${name}.tmp`), join(folder, name))',
    },
    tests: POWER,
  },
  {
    fault: 'the archive syncs no file',
    ...{ file: DISK, from: '    await file.sync()\n', to: '' },
    tests: ['src/archive/disk.test.ts', ...CONTRACT],
  },
  {
    fault: 'a manifest whose checksum is wrong is believed',
    ...{ file: MANIFEST, from: ' && sha256 === digestOf(manifest)', to: ' && sha256 !== ""' },
    tests: CONTRACT,
  },
  {
    fault: 'a manifest with a gap between blocks is believed',
    ...{
      file: MANIFEST,
      from: 'fromOffset === next && endOffset > next',
      to: 'endOffset > next',
    },
    tests: CONTRACT,
  },
  {
    fault: 'a manifest that ends before its blocks is believed',
    ...{ file: MANIFEST, from: 'parts.every(follows) && next === nextOffset', to: 'parts.every(follows)' },
    tests: CONTRACT,
  },
  {
    fault: 'a mirror of another archive is taken for ours',
    ...{ file: STORE, from: 'own.incarnation === other.incarnation', to: 'own.incarnation !== ""' },
    tests: CONTRACT,
  },
  {
    fault: 'blocks without a manifest are taken for an empty archive',
    ...{ file: STORE, from: 'if (!hasBlocks && !isDamaged) return undefined', to: 'return undefined' },
    tests: CONTRACT,
  },
  {
    fault: 'a mirror that is one ahead of a pending ingest is believed',
    ...{ file: STORE, from: 'return isPending(newest.generation + 1) ? newest : ahead', to: 'return ahead' },
    tests: [...CONTRACT, ...POWER],
  },
  {
    fault: 'a byte order mark becomes a part of the first line',
    ...{ file: CUTTER, from: 'isStart ? withoutMark(piece.bytes) : piece.bytes', to: 'piece.bytes' },
    tests: ['src/archive/piece-cutter.test.ts', 'test/property/archive-lines.test.ts'],
  },
  {
    fault: 'the last line of an input is lost when it has no newline',
    ...{ file: CUTTER, from: 'if (this.#length > 0) yield', to: 'if (this.#length < 0) yield' },
    tests: ['src/archive/piece-cutter.test.ts', 'test/property/archive-lines.test.ts'],
  },
]
