/** The use case of looking at rejected lines: what the last run said of them, beside the lines themselves. */
import type { Block } from '../core/block.ts'
import type { Archive } from '../ports/archive.ts'
import type { RejectedLine, Report } from '../ports/report.ts'

export interface ListRejects {
  readonly source: string
  readonly limit: number
  readonly archive: Archive
  readonly report: Report
  /** Reads lines of a verified block by their offsets. */
  readLines(path: string, offsets: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>
}

/** `raw` is null when the archive no longer has the block, or not yet. */
export interface ShownReject extends RejectedLine {
  readonly raw: Uint8Array | null
}

/** In order of offset. Errors: ARCHIVE_CORRUPT_BLOCK, REPORT_*. */
export async function listRejects(job: ListRejects): Promise<{ total: number; lines: ShownReject[] }> {
  const { total, lines } = await job.report.rejects(job.source, job.limit)
  const raw = await readRaw(job, lines)
  return { total, lines: lines.map((line) => ({ ...line, raw: raw.get(line.offset) ?? null })) }
}

async function readRaw(job: ListRejects, lines: readonly RejectedLine[]): Promise<Map<number, Uint8Array>> {
  const blocks = (await job.archive.manifest(job.source))?.blocks ?? []
  const offsetsOf = new Map<Block, number[]>()
  for (const line of lines) {
    const block = findBlock(blocks, line)
    if (block) offsetsOf.set(block, [...(offsetsOf.get(block) ?? []), line.offset])
  }
  const raw = new Map<number, Uint8Array>()
  for (const [block, offsets] of offsetsOf) {
    const path = await job.archive.verifiedPath(job.source, block)
    for (const [offset, bytes] of await job.readLines(path, offsets)) raw.set(offset, bytes)
  }
  return raw
}

/** What a stream rejected was in no block then. */
function findBlock(blocks: readonly Block[], { block: name, offset }: RejectedLine): Block | undefined {
  return blocks.find((block) =>
    name === '' ? block.firstOffset <= offset && offset < block.endOffset : block.name === name,
  )
}
