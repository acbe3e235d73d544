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
  LEDGER_MISMATCH: {
    exit: 1,
    text: 'The ledger of {what} does not balance: appended {appended}, but counted {counted} + filtered {filtered} + rejected {rejected} = {total}. Nothing was published. This is a bug in Millrace; please report it with the definition.',
  },
} as const satisfies Record<string, { exit: 1 | 2; text: string }>
