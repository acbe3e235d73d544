/** Opens the report file: one process writes or some read, so whoever comes second waits. */
import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DuckDBInstance } from '@duckdb/node-api'
import { ifThere } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import { shellWord } from '../../core/shell-word.ts'
import { HeldFile } from '../../log/held-file.ts'
import { openConfined } from './open-confined.ts'

export interface ReportFile {
  readonly path: string
  readonly instance: DuckDBInstance
  /** Errors: REPORT_GONE, where the path leads to another file by now, or to none. */
  requireHeld(): Promise<void>
  close(): Promise<void>
}

const LOCK_WAIT_MS = 30_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

/** DuckDB's lock is lost when one process opens a file twice, so within the process this set is the lock. */
const openHere = new Set<string>()

/** Errors: REPORT_MISSING, REPORT_LOCKED after `waitMs`, REPORT_DAMAGED, REPORT_DISK_FULL, REPORT_FAILED. */
export async function openReportFile(
  dataDir: string,
  mode: 'read' | 'write',
  waitMs = LOCK_WAIT_MS,
): Promise<ReportFile> {
  const folder = resolve(dataDir)
  const path = join(folder, 'report.duckdb')
  if (mode === 'write') await makeFolder(folder)
  else if (!(await ifThere(path, stat(path)))) throw new MillraceError('REPORT_MISSING', { path })
  const giveUpMs = performance.now() + waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const opened = await tryOpen(folder, path, mode)
    if ('instance' in opened) return opened
    if (performance.now() > giveUpMs) throw lockedError(path, opened.holder, waitMs)
    await sleep(pauseMs)
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw failedError(folder, error)
  }
}

async function tryOpen(
  folder: string,
  path: string,
  mode: 'read' | 'write',
): Promise<ReportFile | { readonly holder: string }> {
  if (openHere.has(path)) return { holder: String(process.pid) }
  openHere.add(path)
  try {
    const instance = await openConfined(path, {
      folders: [folder],
      tempFolder: join(folder, 'tmp'),
      memoryLimit: '512MB',
      readOnly: mode === 'read',
    })
    return await hold(path, instance)
  } catch (error) {
    openHere.delete(path)
    const message = error instanceof Error ? error.message : ''
    if (!/conflicting lock|could not set lock/i.test(message)) throw failedError(path, error)
    return { holder: /PID (\d+)/.exec(message)?.[1] ?? '' }
  }
}

async function hold(path: string, instance: DuckDBInstance): Promise<ReportFile> {
  const held = await HeldFile.at(path)
  return {
    ...{ path, instance },
    requireHeld: async () => {
      const what = await held.findLoss()
      if (what !== undefined) throw new MillraceError('REPORT_GONE', { path, what })
    },
    close: async () => {
      // DuckDB would remove the log of changes of the file that took its place.
      if ((await held.findLoss()) === undefined) instance.closeSync()
      openHere.delete(path)
    },
  }
}

function lockedError(path: string, holder: string, waitMs: number): MillraceError {
  const pid = holder === '' ? '' : ` (process ${holder})`
  return new MillraceError('REPORT_LOCKED', { path, pid, seconds: Math.round(waitMs / 1000) })
}

/** What went wrong, in DuckDB's first line. */
export function failedError(path: string, error: unknown): MillraceError {
  const message = error instanceof Error ? error.message : String(error)
  const why = message.split('\n')[0] ?? ''
  if (FULL.test(message)) return new MillraceError('REPORT_DISK_FULL', { path, why }, { cause: error })
  if (!DAMAGE.test(message)) return new MillraceError('REPORT_FAILED', { path, why }, { cause: error })
  return damagedError(path, why, error)
}

export function damagedError(path: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('REPORT_DAMAGED', { path, why, command: moveAside(path) }, { cause })
}

const FULL = /no space left on device|out of disk space|disk quota exceeded/i
/** What DuckDB says of a file whose bytes are not what it wrote, or whose tables somebody dropped. */
const DAMAGE =
  /table with name .* does not exist|not a valid DuckDB database|could not read enough bytes|corrupt|checksum|replaying WAL|failed to (load|deserialize)/i

/** Under a name that is free. The log of changes belongs to its file, and would be replayed into a new one. */
function moveAside(path: string): string {
  let aside = `${path}.damaged`
  for (let number = 2; existsSync(aside); number++) aside = `${path}.damaged-${number}`
  const moves = [[path, aside], ...(existsSync(`${path}.wal`) ? [[`${path}.wal`, `${aside}.wal`]] : [])]
  return moves.map((names) => `mv ${names.map((name) => shellWord(name!)).join(' ')}`).join(' && ')
}
