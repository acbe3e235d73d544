/**
 * Code → exit status and text. A code says stage and fault. A text says what could not be done, to which
 * thing, why, and what to do. Keep the codes in alphabetical order; docs/errors.md lists each.
 */
export const ERROR_TABLE = {
  ARCHIVE_CORRUPT_BLOCK: {
    exit: 1,
    text: 'Block {block} of source {source} cannot be trusted: {why}. No totals were changed. Run `millrace scrub` to heal it from the mirror, or restore {path} from a backup.',
  },
  ARCHIVE_LOCKED: {
    exit: 1,
    text: 'The archive of source {source} in {path} is being written by process {pid}, started {since}. Wait for it to end, or use another --data folder.',
  },
  ARCHIVE_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write to {path}: {why}. Nothing was added. Free space or mend the permissions, then run the same command again.',
  },
  BATCH_CANCELLED: {
    exit: 1,
    text: 'The batch run was cancelled. The report stays as it was.',
  },
  BATCH_ENGINE_FAILED: {
    exit: 1,
    text: 'The batch engine could not compute source {source}: {why}. The report stays as it was.',
  },
  BATCH_NOTHING_INGESTED: {
    exit: 1,
    text: 'There is nothing to compute: no lines of {sources} were ingested into {path}. Run `millrace ingest SOURCE FILE…` first, or name the right folder with --data.',
  },
  BATCH_OUT_OF_MEMORY: {
    exit: 1,
    text: 'The batch engine ran out of memory on source {source}: {why}. The report stays as it was. Use fewer dimensions or distinct values, or free disk space in the data folder for spilling.',
  },
  BATCH_SUM_OVERFLOW: {
    exit: 1,
    text: 'A total of source {source} passes 38 digits: {why}. Nothing was published, since a wrapped or cut total would be wrong. Use a smaller window or a smaller scale.',
  },
  BATCH_UNKNOWN_METRIC: {
    exit: 2,
    text: 'There is no metric {metric} in the definition.{hint}',
  },
  LEDGER_MISMATCH: {
    exit: 1,
    text: 'The ledger of {what} does not balance: appended {appended}, but counted {counted} + filtered {filtered} + rejected {rejected} = {total}. Nothing was published. This is a bug in Millrace; please report it with the definition.',
  },
} as const satisfies Record<string, { exit: 1 | 2; text: string }>
