/** One ingest: append all inputs as blocks, then commit them by one new manifest. */
import type { Block } from '../../core/block.ts'
import type { IngestInput, IngestOptions, IngestResult } from '../../ports/archive.ts'
import { type Appended, appendInputs, type BlockLimits } from './append-inputs.ts'
import { BlockTable } from './block-table.ts'
import { type ContentEntry, digestSequence, readHistory, writeHistory } from './content-history.ts'
import type { Disk } from './disk.ts'
import { healBlocks } from './heal-block.ts'
import { commitManifest, type ManifestPlaces } from './manifest-store.ts'
import { clearLeftovers, type OpenSource, withOpenSource } from './open-source.ts'
import { announcePending } from './pending-ingests.ts'
import { syncBlocks } from './seal-block.ts'

export interface IngestJob {
  readonly disk: Disk
  readonly places: ManifestPlaces
  readonly limits: BlockLimits
  readonly inputs: readonly IngestInput[]
  readonly options: IngestOptions
}

export interface CommittedIngest {
  readonly result: IngestResult
  /** What acknowledging it refers to; absent when nothing was committed. */
  readonly generation?: number
}

/**
 * Order matters: blocks are durable before they are announced, the announcement before the mirror's manifest,
 * and that before the primary's, which is the commit. A crash at any point leaves the old state or the new.
 */
export function ingestInputs(job: IngestJob): Promise<CommittedIngest> {
  return withOpenSource(job.disk, job.places, async (open) => {
    await healBlocks(job.disk, job.places, open.manifest.blocks, 'missing')
    const appended = await appendOrClear(job, open)
    const digest = digestSequence(appended.contents)
    const earlier = open.pending.find((pending) => pending.digest === digest)
    if (earlier) {
      await clearLeftovers(job.disk, job.places, open.manifest)
      return { result: { ...earlier.result, repeated: true }, generation: earlier.generation }
    }
    const result = resultOf(open.manifest.source, appended.blocks)
    if (result.lines === 0) return { result }
    return { result, generation: await commit(job, open, appended, { digest, result }) }
  })
}

/** A failed ingest gives back the space it took, which on a full disk is what is needed most. */
async function appendOrClear(job: IngestJob, open: OpenSource): Promise<Appended> {
  try {
    return await append(job, open)
  } catch (error) {
    await clearLeftovers(job.disk, job.places, open.manifest).catch(() => {})
    throw error
  }
}

async function append(job: IngestJob, { manifest }: OpenSource): Promise<Appended> {
  const { disk, places, limits, options } = job
  const { primary } = places
  const table = await BlockTable.open({ blockFolder: primary.blocks, spillFolder: primary.spill })
  try {
    return await appendInputs({ disk, places, table, manifest, limits, options }, job.inputs)
  } finally {
    table.close()
  }
}

async function commit(
  job: IngestJob,
  { manifest }: OpenSource,
  { blocks, lastObservedMs, contents }: Appended,
  announced: { digest: string; result: IngestResult },
): Promise<number> {
  const { disk, places } = job
  const generation = manifest.generation + 1
  const history = await readHistory(places.primary, manifest.generation)
  warnOfRepeats(job, history, contents)
  await syncBlocks(disk, places)
  const entries = contents.map((sha256): ContentEntry => ({ sha256, generation }))
  await writeHistory(disk, places.primary, [...history, ...entries])
  await announcePending(disk, places.primary, { generation, ...announced })
  await commitManifest(disk, places, {
    ...manifest,
    generation,
    nextOffset: blocks.at(-1)!.endOffset,
    lastObservedMs,
    blocks: [...manifest.blocks, ...blocks],
  })
  return generation
}

function warnOfRepeats({ inputs, options }: IngestJob, history: ContentEntry[], contents: readonly string[]) {
  const known = new Set(history.map(({ sha256 }) => sha256))
  for (const [index, sha256] of contents.entries()) {
    if (known.has(sha256)) options.onRepeatedContent?.(inputs[index]!.name)
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
