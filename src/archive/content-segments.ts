/**
 * The list of known contents as files that never change, which the manifest names with their SHA-256. Each ingest adds
 * one and merges it with those that are no larger, so that there are few, and a commit writes little of what was known.
 */
import { createHash } from 'node:crypto'
import { MillraceError } from '../core/error.ts'
import { digits } from './block-name.ts'
import type { ContentEntry } from './known-contents.ts'

export interface ContentSegment {
  /** `<generation, 16 digits>-<start of the SHA-256>.ndjson` */
  readonly name: string
  readonly entries: number
  /** Of the file, hex. */
  readonly sha256: string
}

export interface WrittenSegment {
  readonly segment: ContentSegment
  readonly text: string
}

export interface ReadSegment {
  readonly segment: ContentSegment
  readonly entries: readonly ContentEntry[]
}

/** `texts` gives a file's text where it is whole. Errors: ARCHIVE_CORRUPT_CONTENTS. */
export async function readSegments(
  source: string,
  segments: readonly ContentSegment[],
  readText: (segment: ContentSegment) => Promise<string | undefined>,
): Promise<ReadSegment[]> {
  const found: ReadSegment[] = []
  for (const segment of segments) {
    const text = await readText(segment)
    if (text === undefined)
      throw new MillraceError('ARCHIVE_CORRUPT_CONTENTS', { source, name: segment.name })
    const lines = text.split('\n').filter((line) => line !== '')
    found.push({ segment, entries: lines.map((line) => JSON.parse(line) as ContentEntry) })
  }
  return found
}

/** What the manifest names from now on, of which the last file is to be written. */
export function addSegment(
  kept: readonly ReadSegment[],
  added: readonly ContentEntry[],
  generation: number,
): { readonly segments: readonly ContentSegment[]; readonly written: WrittenSegment } {
  let entries = added
  let count = kept.length
  while (count > 0 && kept[count - 1]!.entries.length <= entries.length)
    entries = [...kept[--count]!.entries, ...entries]
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  const written = printSegment(text, entries.length, generation)
  return { segments: [...kept.slice(0, count).map((one) => one.segment), written.segment], written }
}

/** `text` as a file of the commit of this generation. */
export function printSegment(text: string, entries: number, generation: number): WrittenSegment {
  const sha256 = segmentDigest(text)
  const name = `${digits(generation)}-${sha256.slice(0, 16)}.ndjson`
  return { segment: { name, entries, sha256 }, text }
}

export function isWholeSegment({ sha256 }: ContentSegment, text: string): boolean {
  return segmentDigest(text) === sha256
}

function segmentDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
