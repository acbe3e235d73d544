/** One ingest: append all inputs as blocks, then commit them by one new manifest. */
import { createHash } from 'node:crypto'
import type { Block } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import type { IngestInput, IngestOptions, IngestResult } from '../ports/archive.ts'
import { type Appended, appendInputs, type BlockLimits } from './append-inputs.ts'
import { BlockTable } from './block-table.ts'
import { ContentGuard } from './content-guard.ts'
import { parseHistory } from './content-history.ts'
import { addSegment, type ReadSegment, readSegments } from './content-segments.ts'
import { firstObserved } from './manifest-text.ts'
import type { SourceWriter } from './source-writer.ts'

export interface IngestJob {
  readonly limits: BlockLimits
  readonly inputs: readonly IngestInput[]
  readonly options: IngestOptions
}

export interface CommittedIngest {
  readonly result: IngestResult
  /** What acknowledging it refers to; absent when nothing was committed. */
  readonly generation?: number
}

/** A crash at any point leaves the old state or the new. */
export async function ingestInputs(writer: SourceWriter, job: IngestJob): Promise<CommittedIngest> {
  const segments = await readContents(writer, job.options)
  const guard = await openGuard(writer, segments, job.options)
  const appended = await appendOrClear(writer, job, guard)
  const digest = digestSequence(appended.contents)
  const earlier = writer.pending.find((pending) => pending.digest === digest)
  if (earlier) {
    await writer.clearLeftovers()
    return { result: { ...earlier.result, repeated: true }, generation: earlier.generation }
  }
  const result = resultOf(writer.manifest.source, appended, guard)
  if (result.lines === 0) return { result }
  const contents = addSegment(segments, guard.taken, writer.manifest.generation + 1)
  return { result, generation: await commit(writer, appended, contents, { digest, result }) }
}

/** Who takes everything a second time need not know what was taken, and begins a new list where it is damaged. */
async function readContents(writer: SourceWriter, { repeats }: IngestOptions): Promise<ReadSegment[]> {
  const { source, contents = [] } = writer.manifest
  try {
    return await readSegments(source, contents, (segment) => writer.readSegment(segment))
  } catch (error) {
    const isDamaged = error instanceof MillraceError && error.code === 'ARCHIVE_CORRUPT_CONTENTS'
    if (isDamaged && repeats === 'again') return []
    throw error
  }
}

async function openGuard(
  writer: SourceWriter,
  segments: readonly ReadSegment[],
  { repeats = 'refuse', years }: IngestOptions,
): Promise<ContentGuard> {
  const { generation } = writer.manifest
  return new ContentGuard({
    entries: segments.flatMap(({ entries }) => entries),
    digests: parseHistory(await writer.readHistory(), generation),
    untold: new Set(writer.pending.map((pending) => pending.generation)),
    generation: generation + 1,
    repeats,
    hasYears: years !== undefined,
  })
}

/** A failed ingest gives back the space it took, which on a full disk is what is needed most. */
async function appendOrClear(writer: SourceWriter, job: IngestJob, guard: ContentGuard): Promise<Appended> {
  try {
    const appended = await append(writer, job, guard)
    const digest = digestSequence(appended.contents)
    if (!writer.pending.some((pending) => pending.digest === digest)) guard.requireNew()
    return appended
  } catch (error) {
    await writer.clearLeftovers().catch(() => {})
    throw error
  }
}

async function append(writer: SourceWriter, job: IngestJob, guard: ContentGuard): Promise<Appended> {
  const { limits, options, inputs } = job
  const { packFolder: blockFolder, spillFolder } = writer
  const table = await BlockTable.open({ blockFolder, spillFolder })
  try {
    return await appendInputs({ writer, table, limits, options, guard }, inputs)
  } finally {
    table.close()
  }
}

async function commit(
  writer: SourceWriter,
  { blocks, firstObservedMs, lastObservedMs }: Appended,
  { segments, written }: ReturnType<typeof addSegment>,
  told: { digest: string; result: IngestResult },
): Promise<number> {
  const generation = writer.manifest.generation + 1
  await writer.commit({
    written,
    ingest: { generation, ...told },
    manifest: {
      ...writer.manifest,
      generation,
      nextOffset: blocks.at(-1)!.endOffset,
      ...firstObserved(writer.manifest, firstObservedMs),
      lastObservedMs,
      blocks: [...writer.manifest.blocks, ...blocks],
      contents: segments,
    },
  })
  return generation
}

/** One digest for a sequence of contents; where one ends and the next begins matters. */
function digestSequence(contents: readonly string[]): string {
  return createHash('sha256').update(contents.join('\n')).digest('hex')
}

function resultOf(source: string, { blocks, left }: Appended, { known }: ContentGuard): IngestResult {
  const sum = (value: (block: Block) => number) => blocks.reduce((total, block) => total + value(block), 0)
  return {
    source,
    lines: sum(({ firstOffset, endOffset }) => endOffset - firstOffset),
    bytes: sum(({ rawBytes }) => rawBytes),
    blocks: blocks.length,
    repeated: false,
    ...(known.length > 0 && { known }),
    ...(left.length > 0 && { left }),
  }
}
