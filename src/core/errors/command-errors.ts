/** The command line, the data folder and definitions. Codes are in alphabetical order. */
import type { ErrorEntries } from './error-entry.ts'

export const COMMAND_ERRORS = {
  CLI_ENGINE_UNUSED: {
    exit: 2,
    text: 'Nothing is computed here that --engine {engine} could do: a query reads totals that are there. Leave it out, or add --as-of.',
  },
  CLI_FILE_EXISTS: {
    exit: 1,
    text: 'Will not write {file}: it exists. Name another file with --out, or replace it with --force.',
  },
  CLI_OUT_REFUSED: {
    exit: 2,
    text: 'Cannot write {path}: {why}. Nothing was written. Name another file with --out.',
  },
  CLI_RANGE_EMPTY: {
    exit: 2,
    text: 'The range from {from} to {to} holds no time: --to must come after --from.',
  },
  CLI_RANGE_OFF_WINDOW: {
    exit: 2,
    text: '{option} {given} is not the start of a window of {metric}, whose windows are {window} wide: a part of a window cannot be computed anew. The nearest starts are {before} and {after}.',
  },
  CLI_UNKNOWN_ENGINE: {
    exit: 2,
    text: 'There is no batch engine {engine}. Known: {known}.',
  },
  CLI_UNKNOWN_METRIC: {
    exit: 2,
    text: 'There is no metric {metric} in the definition.{hint}',
  },
  CLI_UNKNOWN_SOURCE: {
    exit: 2,
    text: 'There is no source {source} in the definition.{hint}',
  },
  CLI_UNREADABLE: {
    exit: 1,
    text: 'Cannot read {file}: {why}.',
  },
  CLI_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write {file}: {why}.',
  },
  SYSTEM_REFUSED: {
    exit: 1,
    text: 'The system refused access to {path} for user {user}: {why}. The command was ended. Free space, fix the permissions, or run the command as the user of the data folder.',
  },
  DATA_LOCKED: {
    exit: 1,
    text: 'Another {purpose} (process {pid}, started {since}) is at work in this data folder, says {path}. Wait for it to end, or use another --data folder.',
  },
  DATA_UNREADABLE: {
    exit: 1,
    text: 'Cannot read {path} as user {user}: {why}. Nothing was done. Run the command as the user of the data folder, or let this user read it.',
  },
  DEFINE_UNREADABLE: {
    exit: 2,
    text: 'Cannot read the definition {file}: {why}. Name the right file with --config, or write one with `millrace init FILE`.',
  },
  SNIFF_BINARY_FILE: {
    exit: 2,
    text: 'Cannot tell how to read {file}: it is not text. Give files of log lines, plain or gzip.',
  },
  SNIFF_EMPTY_FILE: {
    exit: 2,
    text: 'Cannot tell how to read {file}: it holds no lines. Give a file with some of the lines that will come.',
  },
  SNIFF_NO_FILES: {
    exit: 2,
    text: 'There are no files to look at. Name at least one file of log lines.',
  },
  SNIFF_NO_TIME: {
    exit: 2,
    text: 'Cannot tell how to read {file}: no date and time was found in its lines, and a metric needs one in each. Write millrace.yaml by hand if the time stands in a form of its own.',
  },
  SNIFF_TIME_UNDECIDED: {
    exit: 1,
    text: 'Wrote {file} without a time for some source, since the lines read so far do not tell it: {whys}. Choose among the readings that stand there as comments, or write a time of your own, then run millrace check. A file whose lines tell more, given to millrace init, may settle it.',
  },
  STATUS_NO_ANSWER: {
    exit: 1,
    text: 'It did not answer within {seconds} s. Check its address in the definition, and the network between.',
  },
} as const satisfies ErrorEntries
