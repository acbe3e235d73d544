/** What computes: batch runs and the jobs of a stream. Codes are in alphabetical order. */
import type { ErrorEntries } from './error-entry.ts'

export const ENGINE_ERRORS = {
  BATCH_ALL_HELD: {
    exit: 1,
    text: 'No source could be counted, and the report stays as it was. {reasons}',
  },
  BATCH_CANCELLED: {
    exit: 1,
    text: 'The batch run was cancelled. The report stays as it was.',
  },
  BATCH_DEFINITION_CHANGED: {
    exit: 2,
    text: 'The definition {file} no longer holds since the command began. The report stays as it was. Run `millrace check`, then the batch again.',
  },
  BATCH_DISK_FULL: {
    exit: 1,
    text: 'The batch engine ran out of disk space on source {source}: {why}. The report stays as it was. Free space where it keeps its scratch files and where totals are staged, then run it again.',
  },
  BATCH_ENGINE_FAILED: {
    exit: 1,
    text: 'The batch engine could not compute source {source}: {why}. The report stays as it was.',
  },
  BATCH_ENGINE_LOST: {
    exit: 1,
    text: 'Processes of the batch engine were lost while it computed source {source}: {why}. The report stays as it was. Run it again; if they are lost again, look at the logs of the machines it ran on.',
  },
  BATCH_ENGINE_MISSING: {
    exit: 1,
    text: 'The batch engine is not on this machine: {why}.',
  },
  BATCH_JAVA_MISSING: {
    exit: 1,
    text: 'The batch engine needs Java 17 or later: {why}. Install it, or set JAVA_HOME to its folder.',
  },
  BATCH_MASTER_SILENT: {
    exit: 1,
    text: "{master} can be reached, but not the page on which it tells of its workers: {why}. Name the page's address as `page` under `batch` in the definition. Batches run without it.",
  },
  BATCH_MASTER_UNREACHABLE: {
    exit: 1,
    text: 'Cannot reach {master}, the master of the batch engine: {why}. The report stays as it was. Check the address under `batch` in the definition, and that the master runs.',
  },
  BATCH_NOTHING_FINAL: {
    exit: 1,
    text: 'All windows of metric {metric} that were asked for begin at {final} or later, where the stream still counts. Name an earlier --from, or wait. The report stays as it was.',
  },
  BATCH_NOTHING_INGESTED: {
    exit: 1,
    text: 'There is nothing to compute: {path} holds no lines of {sources}, and no log here does. Run `millrace ingest SOURCE FILE…` or send lines to `millrace serve` first, or name the right folder with --data.',
  },
  BATCH_NO_RESOURCES: {
    exit: 1,
    text: 'No machine of {master} took on the batch within {seconds} seconds: {why}. The report stays as it was. Check on the page of the master that workers are alive and have {memory} of memory and a core free; ask for less with `memory` and `cores` under `batch` in the definition, or set `wait` to wait longer.',
  },
  BATCH_OUT_OF_MEMORY: {
    exit: 1,
    text: 'The batch engine ran out of memory on source {source}: {why}. The report stays as it was. Give it more `memory` where it has such a setting, use fewer dimensions or distinct values, or free disk space in the data folder for spilling.',
  },
  BATCH_PROCESS_DIED: {
    exit: 1,
    text: 'The batch process ended before it answered: {why}. Its result is published whole or not at all; `millrace runs` tells which. Run it again.',
  },
  BATCH_REGEX_TOO_DEEP: {
    exit: 2,
    text: 'This batch engine cannot run the regular expression {pattern}: it would go one level deeper with every repetition of {part}, and a long line could end it. Let every repetition end in a character that stands nowhere else in it, such as (?:[a-z]+,)*, and what follows the repeat not match where a repetition does; or run the batch on the embedded engine.',
  },
  BATCH_REPLACE_ALL: {
    exit: 2,
    text: '`--replace` computes all totals again from the lines that are left, so it goes with neither --metric nor a range. The report stays as it was.',
  },
  BATCH_STORAGE_REFUSED: {
    exit: 1,
    text: 'The batch engine could not reach or use the archive of source {source} from its machines: {why}. The report stays as it was. Check `rpc`, `path` and `user` under `archive` in the definition, and that its machines reach that address and may read the blocks and write beside them.',
  },
  BATCH_STREAM_BEGINS: {
    exit: 1,
    text: 'The stream of metric {metric} stands at its first line, because it has just begun or its tables were made again, so none of its windows is final. The server counts every line from there by itself. Wait until `millrace status` says that its totals are up to date. The report stays as it was.',
  },
  BATCH_SUM_OVERFLOW: {
    exit: 1,
    text: 'A total of source {source} passes 38 digits: {why}. Nothing was published, since a wrapped or cut total would be wrong. Use a smaller window or a smaller scale.',
  },
  JOBS_AWAY: {
    exit: 1,
    text: 'The engine at {address} does not answer: {why}. Nothing was changed. See that it runs and can be reached, then run the command again.',
  },
  JOBS_CANNOT: {
    exit: 2,
    text: 'No job can tally source {source}: {what} would need {why}. `millrace serve` counts all of its lines itself, so that its totals are right all the same.',
  },
  JOBS_FAILED: {
    exit: 1,
    text: 'The engine could not {doing}: {why}',
  },
  JOBS_NOT_DEPLOYED: {
    exit: 1,
    text: 'No job of source {source} is deployed from this data folder. `millrace stream deploy` starts one; until then `millrace serve` counts by itself.',
  },
  JOBS_NO_LINES: {
    exit: 1,
    text: 'Source {source} has no lines in its topic yet, so there is none to read. Send some first; until a job is deployed `millrace serve` counts by itself.',
  },
  JOBS_NO_SAVEPOINT: {
    exit: 1,
    text: 'No savepoint could be written: {why}. The job goes on. `millrace stream stop --cancel` ends it without one, which costs reading a few lines again, never a total.',
  },
  JOBS_RUN_ALREADY: {
    exit: 1,
    text: 'The job of source {source} is {state} already ({job}). `millrace stream upgrade` puts what the definition says now in its place, `millrace stream stop` ends it.',
  },
  JOBS_UNUSED: {
    exit: 2,
    text: 'The definition names no engine in `stream`, so there is no job to work with: `millrace serve` counts by itself.',
  },
} as const satisfies ErrorEntries
