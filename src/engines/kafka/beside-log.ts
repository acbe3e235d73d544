/** An ingest of files into a source whose log is on Kafka. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { takeLock } from '../../archive/lock.ts'
import { ifThere } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import type { LogFolders } from '../../log/named-logs.ts'
import type { LogEnds } from '../../ports/log.ts'
import { endOfOrder, Order } from './order.ts'
import { ORDER_FILE } from './order-file.ts'

interface IngestPlace {
  readonly dataDir: string
  readonly source: string
  /** The archive has lines of a topic. */
  hasTopic(): Promise<boolean>
  /** Lines of the topic that have no place in the order, as far as brokers answer. */
  linesInTopic(): Promise<number>
}

/**
 * Runs an ingest while no log of the source can give out the same offsets. Errors: INGEST_LOG_AHEAD, INGEST_LOG_LOST,
 * INGEST_LOG_OPEN.
 */
export async function besideLog<T>(
  { dataDir, source, hasTopic, linesInTopic }: IngestPlace,
  archived: () => Promise<number>,
  ingest: () => Promise<T>,
): Promise<T> {
  const folder = join(dataDir, 'kafka', source)
  const taken = await takeLock(join(folder, 'lock'))
  if (typeof taken !== 'function') throw new MillraceError('INGEST_LOG_OPEN', { source, pid: taken.pid })
  try {
    // Lines that wait in the topic would get other offsets than those that a report may know.
    const isThere = (await listLogs(dataDir)).includes(source)
    const isLost = isThere ? (await linesInTopic()) > 0 : await hasTopic()
    if (isLost) throw new MillraceError('INGEST_LOG_LOST', { source, path: join(folder, ORDER_FILE) })
    const lines = await linesAhead(dataDir, source, archived)
    if (lines > 0) throw new MillraceError('INGEST_LOG_AHEAD', { source, lines })
    return await ingest()
  } finally {
    await taken()
  }
}

/** Lines of a log that nobody has open which the archive lacks. Errors: LOG_DAMAGED. */
export async function linesAhead(
  dataDir: string,
  source: string,
  archived: () => Promise<number>,
): Promise<number> {
  const end = await endOfOrder(join(dataDir, 'kafka', source))
  return end - (end === 0 ? 0 : await archived())
}

/** For moves to another name of the source. */
export function logFolders(dataDir: string): LogFolders {
  const folderOf = (source: string) => join(dataDir, 'kafka', source)
  return {
    folderOf,
    exists: async (source) => {
      const folder = folderOf(source)
      const names: string[] = (await ifThere(folder, readdir(folder))) ?? []
      return names.includes(ORDER_FILE)
    },
    endOf: (source) => endOfOrder(folderOf(source)),
  }
}

/** Sources whose order lies in this data folder. */
export async function listLogs(dataDir: string): Promise<string[]> {
  const root = join(dataDir, 'kafka')
  const entries = (await ifThere(root, readdir(root, { withFileTypes: true }))) ?? []
  const names: string[] = []
  for (const entry of entries) {
    const files = entry.isDirectory() ? await readdir(join(dataDir, 'kafka', entry.name)) : []
    if (files.includes(ORDER_FILE)) names.push(entry.name)
  }
  return names.sort()
}

/** How far each log of this data folder has come that nobody has open. Errors: LOG_DAMAGED. */
export async function endsOfLogs(dataDir: string): Promise<LogEnds[]> {
  const ends: LogEnds[] = []
  for (const source of await listLogs(dataDir)) {
    const folder = join(dataDir, 'kafka', source)
    const { mtimeMs } = await stat(join(folder, ORDER_FILE))
    const order = await Order.read(folder)
    if (order)
      ends.push({ source, startOffset: order.startOffset, endOffset: order.endOffset, writtenMs: mtimeMs })
  }
  return ends
}
