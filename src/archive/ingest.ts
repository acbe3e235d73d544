/** One ingest: append all inputs as blocks, then commit them by one new manifest. */
import { createHash } from 'node:crypto'
import type { Block } from '../core/block.ts'
import type { IngestInput, IngestOptions, IngestResult } from '../ports/archive.ts'
import { type Appended, appendInputs, type BlockLimits } from './append-inputs.ts'
import { BlockTable } from './block-table.ts'
import { type ContentEntry, digestSequence } from './content-history.ts'
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
  const appended = await appendOrClear(writer, job)
  const digest = digestSequence(appended.contents)
  const earlier = writer.pending.find((pending) => pending.digest === digest)
  if (earlier) {
    await writer.clearLeftovers()
    return { result: { ...earlier.result, repeated: true }, generation: earlier.generation }
  }
  const result = resultOf(writer.manifest.source, appended.blocks)
  if (result.lines === 0) return { result }
  return { result, generation: await commit(writer, job, appended, { digest, result }) }
}

/** A failed ingest gives back the space it took, which on a full disk is what is needed most. */
async function appendOrClear(writer: SourceWriter, job: IngestJob): Promise<Appended> {
  try {
    return await append(writer, job)
  } catch (error) {
    await writer.clearLeftovers().catch(() => {})
    throw error
  }
}

async function append(writer: SourceWriter, { limits, options, inputs }: IngestJob): Promise<Appended> {
  const { packFolder: blockFolder, spillFolder } = writer
  const table = await BlockTable.open({ blockFolder, spillFolder })
  try {
    return await appendInputs({ writer, table, limits, options }, inputs)
  } finally {
    table.close()
  }
}

async function commit(
  writer: SourceWriter,
  job: IngestJob,
  { blocks, firstObservedMs, lastObservedMs, contents }: Appended,
  told: { digest: string; result: IngestResult },
): Promise<number> {
  const generation = writer.manifest.generation + 1
  const history = await writer.readHistory()
  warnOfRepeats(job, history, contents)
  const entries = contents.map((sha256): ContentEntry => ({ sha256, generation }))
  await writer.commit({
    history: [...history, ...entries],
    ingest: { generation, ...told },
    manifest: {
      ...writer.manifest,
      generation,
      nextOffset: blocks.at(-1)!.endOffset,
      ...firstObserved(writer.manifest, firstObservedMs),
      lastObservedMs,
      blocks: [...writer.manifest.blocks, ...blocks],
    },
  })
  return generation
}

function warnOfRepeats(
  { inputs, options }: IngestJob,
  history: readonly ContentEntry[],
  contents: readonly string[],
) {
  const known = new Set(history.map(({ sha256 }) => sha256))
  const empty = createHash('sha256').digest('hex')
  for (const [index, sha256] of contents.entries()) {
    if (known.has(sha256) && sha256 !== empty) options.onRepeatedContent?.(inputs[index]!.name)
    known.add(sha256)
  }
}

function resultOf(source: string, blocks: readonly Block[]): IngestResult {
  const sum = (value: (block: Block) => number) => blocks.reduce((total, block) => total + value(block), 0)
  return {
    source,
    lines: sum(({ firstOffset, endOffset }) => endOffset - firstOffset),
    bytes: sum(({ rawBytes }) => rawBytes),
    blocks: blocks.length,
    repeated: false,
  }
}
