/** The use case of an ingest: files or standard input into the archive, all of them or none. */
import type { Archive, IngestOptions, IngestResult } from '../ports/archive.ts'
import { type CheckHead, inputOf } from './read-input.ts'

export interface IngestFilesOptions extends Omit<IngestOptions, 'onProgress'> {
  /**
   * `bytesRead` counts bytes of the files as they are stored (packed, when they are), and `totalBytes` is what
   * it ends at; absent when standard input or a pipe is among them.
   */
  readonly checkHead?: CheckHead
  onProgress?(progress: { bytesRead: number; totalBytes?: number; lines: number }): void
}

/**
 * Every path is looked at before the first is read; `-` is standard input. Tell the user of the result, then
 * call `archive.acknowledge(source)`. Errors: INGEST_*, ARCHIVE_*.
 */
export async function ingestFiles(
  archive: Archive,
  source: string,
  paths: readonly string[],
  options: IngestFilesOptions = {},
): Promise<IngestResult> {
  const readOf = paths.map(() => 0)
  const { onProgress, checkHead, ...rest } = options
  const note = (index: number) => (bytes: number) => {
    readOf[index] = bytes
  }
  const inputs = await Promise.all(paths.map((path, index) => inputOf(path, note(index), checkHead)))
  const total = totalOf(inputs.map(({ sizeBytes }) => sizeBytes))
  return archive.ingest(source, inputs, {
    ...rest,
    ...(onProgress && {
      onProgress: ({ lines }) =>
        onProgress({ bytesRead: totalOf(readOf)!, lines, ...(total !== undefined && { totalBytes: total }) }),
    }),
  })
}

function totalOf(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce((total: number | undefined, size) => {
    return total === undefined || size === undefined ? undefined : total + size
  }, 0)
}
