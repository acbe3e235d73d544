/** Opens files and standard input as inputs of an ingest: unpacked, and refused when they hold no lines. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { type ContentKind, contentKind, HEAD_BYTES } from '../ingest/content-kind.ts'
import { peek } from '../ingest/peek.ts'
import { type Chunks, UnpackError, unpack } from '../ingest/unpack.ts'
import type { IngestInput } from '../ports/archive.ts'

const CHUNK_BYTES = 1024 * 1024
const STANDARD_INPUT = '-'

/** A program may write a line in two halves, but rarely with a minute between them. */
const REST_MS = 60_000

/**
 * Where progress is counted: how many bytes of an input were read since it was opened last, as they are stored, since
 * only their total is known beforehand.
 */
export type OnBytes = (bytes: number) => void

/** Looks at the first bytes, unpacked; throws when no line of them can be used. */
export type CheckHead = (head: Buffer, input: string) => void

/** Looks at a file before anything is read of it. Errors: INGEST_NOT_FOUND, _IS_DIRECTORY, _UNREADABLE. */
export async function inputOf(
  path: string,
  onBytes: OnBytes = () => {},
  checkHead: CheckHead = () => {},
): Promise<IngestInput> {
  if (path === STANDARD_INPUT) {
    const name = 'standard input'
    return {
      name,
      facts: {},
      isOnce: true,
      open: () => decode(count(process.stdin, onBytes), name, checkHead),
    }
  }
  const found = await stat(path).catch((error: unknown) => refuse(path, error))
  if (found.isDirectory()) throw new MillraceError('INGEST_IS_DIRECTORY', { input: path })
  await (await openFile(path, found.isFile())).close()
  let isPacked = false
  const note = (head: Buffer, input: string, isGzip: boolean) => {
    isPacked = isGzip
    checkHead(head, input)
  }
  const content = { name: path, open: () => decode(count(readFile(path), onBytes), path, note) }
  // What a pipe gives was not modified at any time.
  if (!found.isFile()) return { ...content, facts: { path }, isOnce: true }
  const facts = { path, referenceMs: Math.floor(found.mtimeMs) }
  const mayGrow = async () => !isPacked && Date.now() - (await stat(path)).mtimeMs < REST_MS
  return { ...content, facts, sizeBytes: found.size, mayGrow }
}

/** Opening a pipe twice would lose its writer, so only a regular file is tried beforehand. */
async function openFile(path: string, isRegular: boolean): Promise<Pick<FileHandle, 'close'>> {
  if (!isRegular) return { close: async () => {} }
  return open(path, 'r').catch((error: unknown) => refuse(path, error))
}

/** Large chunks share two buffers: each is valid until the next is asked for. */
async function* readFile(path: string): Chunks {
  const file = await open(path, 'r').catch((error: unknown) => refuse(path, error))
  try {
    const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)] as const
    for (let turn = 0; ; turn = 1 - turn) {
      const buffer = buffers[turn as 0 | 1]
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null)
      if (bytesRead === 0) return
      const bytes = buffer.subarray(0, bytesRead)
      yield bytesRead < HEAD_BYTES ? Buffer.from(bytes) : bytes
    }
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    await file.close()
  }
}

async function* count(chunks: Chunks, onBytes: OnBytes): Chunks {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    onBytes(bytes)
    yield chunk
  }
}

type OnHead = (head: Buffer, input: string, isGzip: boolean) => void

/** Errors: INGEST_BINARY_FILE, INGEST_UNKNOWN_COMPRESSION, INGEST_CORRUPT_GZIP, INGEST_TRUNCATED_GZIP. */
async function* decode(chunks: Chunks, input: string, onHead: OnHead): Chunks {
  const { head, all } = await peek(chunks)
  const found = contentKind(head)
  if (found.kind !== 'gzip') {
    requireText(found, input)
    onHead(head, input, false)
    yield* all
    return
  }
  const unpacked = await peek(gunzip(all, input))
  requireText(contentKind(unpacked.head), input)
  onHead(unpacked.head, input, true)
  yield* unpacked.all
}

async function* gunzip(packed: Chunks, input: string): Chunks {
  try {
    yield* unpack(packed, 'gzip')
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error
    const code = error.isCut ? 'INGEST_TRUNCATED_GZIP' : 'INGEST_CORRUPT_GZIP'
    throw new MillraceError(code, { input, why: error.message }, { cause: error })
  }
}

function requireText(found: ContentKind, input: string): void {
  if (found.kind === 'text') return
  if (found.kind === 'compressed') {
    const { format, command } = found
    throw new MillraceError('INGEST_UNKNOWN_COMPRESSION', { input, format, command })
  }
  throw new MillraceError('INGEST_BINARY_FILE', { input, hint: hintOn(found) })
}

function hintOn(found: Exclude<ContentKind, { kind: 'text' | 'compressed' }>): string {
  if (found.kind === 'gzip') return ', but gzip inside gzip; unpack it once first'
  if (found.kind === 'binary') return ` (${found.sign} near its start)`
  return ` of UTF-8 but of ${found.encoding}; convert it: \`iconv -f ${found.encoding} -t UTF-8\``
}

function refuse(path: string, error: unknown): never {
  throw unreadable(path, error)
}

function unreadable(input: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof MillraceError || code === undefined) return error
  if (code === 'ENOENT') return new MillraceError('INGEST_NOT_FOUND', { input }, { cause: error })
  if (code === 'EISDIR') return new MillraceError('INGEST_IS_DIRECTORY', { input }, { cause: error })
  return new MillraceError('INGEST_UNREADABLE', { input, why: systemReason(error) }, { cause: error })
}
