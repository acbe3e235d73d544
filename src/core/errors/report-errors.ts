/** The report, its ledger, and what is read from it. Codes are in alphabetical order. */
import type { ErrorEntries } from './error-entry.ts'

export const REPORT_ERRORS = {
  EXPORT_INTERRUPTED: {
    exit: 1,
    text: 'The export of metric {metric} was stopped, since a batch published new totals meanwhile. Nothing was written. Run the same command again.',
  },
  EXPORT_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write {path}: {why}. Nothing was left there. Choose another place with --out, or fix the permissions.',
  },
  LEDGER_MISMATCH: {
    exit: 1,
    text: 'The ledger of {what} does not balance: appended {appended}, but counted {counted} + filtered {filtered} + late {late} + rejected {rejected} + outside {outside} + lost {lost} = {total}. Nothing was published. This is a bug in Millrace; please report it with the definition.',
  },
  METRIC_CHANGED: {
    exit: 1,
    text: 'The totals of metric {metric} were computed for another version of its definition ({held}; the definition is now {asked}), so they would answer another question. Run `millrace batch` to compute it anew; until then `millrace query {metric} --definition-version {held}` reads the old totals.',
  },
  METRIC_OTHER_SOURCE: {
    exit: 1,
    text: 'The report holds totals of metric {metric} that were counted from source {held}, and the definition now counts it from {source}. A batch would drop them, so nothing was computed. If {source} is {held} under another name, write `was: {held}` under source {source}, which keeps them. If they are no longer wanted, run `millrace batch --replace`, while no server runs. To keep both, give the metric of {source} another name.',
  },
  METRIC_WITHOUT_TOTALS: {
    exit: 1,
    text: 'There are no totals of metric {metric} yet. Run `millrace batch` to compute them.',
  },
  QUERY_BAD_QUANTILE: {
    exit: 2,
    text: '{text} is not a quantile. Write decimals above 0 and at most 1, separated by commas, such as 0.5,0.95,0.999.',
  },
  QUERY_BAD_RANGE: {
    exit: 2,
    text: 'The range from {from} to {to} holds no time. The start must come before the end, which is not part of the range.',
  },
  QUERY_BAD_WHERE: {
    exit: 2,
    text: 'The condition {text} cannot be applied to metric {metric}: {why} A condition on totals may use the dimensions only: {dimensions}.',
  },
  QUERY_DUPLICATE_NAME: {
    exit: 2,
    text: '{name} is named twice. Name each dimension and measure once.',
  },
  QUERY_UNKNOWN_DIMENSION: {
    exit: 2,
    text: 'Metric {metric} has no dimension {name}; it has {known}.{hint}',
  },
  QUERY_UNKNOWN_MEASURE: {
    exit: 2,
    text: 'Metric {metric} has no measure or ratio {name}; it has {known}.{hint}',
  },
  QUERY_UNKNOWN_METRIC: {
    exit: 2,
    text: 'There is no metric {metric} in the definition.{hint}',
  },
  QUERY_UNKNOWN_VERSION: {
    exit: 2,
    text: 'The report has no totals of version {version} of metric {metric}. It has those of {known}.',
  },
  REPORT_AHEAD: {
    exit: 1,
    text: 'The report has counted {counted} lines of source {source}, but its archive and log hold only {end}: a folder was deleted or put back to an older state, or is not mounted. The totals stay as they are, and nothing was added to them. Put the newer data folder back, or mount the drive. If those lines are lost for good, stop the server if one runs, and run `millrace accept-loss {source}`, after which the totals stay as they are and the source goes on; or `millrace batch --replace`, which computes the totals from the lines that are left.',
  },
  REPORT_BAD_ADDRESS: {
    exit: 2,
    text: 'The report {path} cannot be reached by this address: {why}. Mend `report` in the definition.',
  },
  REPORT_BLOCKED: {
    exit: 1,
    text: 'The report {path} could not be used: after {seconds} seconds {blocker} still held what this needs. Nothing was changed in it. End that transaction, by its own client or by `SELECT pg_terminate_backend(…)` with the number of its process, then run the same command again; a server tries again by itself.',
  },
  REPORT_CANCELLED: {
    exit: 1,
    text: 'The server ended a statement of Millrace in the report {path}: {why}. Nothing was changed in it. Where `statement_timeout` or `transaction_timeout` is set for the role or the database, lift it for the role that Millrace uses, as by `ALTER ROLE … SET statement_timeout = 0`.',
  },
  REPORT_DAMAGED: {
    exit: 1,
    text: 'The report {path} is damaged: {why}. Nothing was changed in it. All its totals can be computed again from the archive: stop the server if one runs, move the file aside by `{command}`, run `millrace batch`, and start the server again.',
  },
  REPORT_DISK_FULL: {
    exit: 1,
    text: 'The report {path} has no room left: {why}. Nothing was changed in it. Free space on the drive where it lies, then run the same command again.',
  },
  REPORT_FAILED: {
    exit: 1,
    text: 'The report {path} could not be used: {why}. Nothing was changed in it.',
  },
  REPORT_FOREIGN_TABLE: {
    exit: 1,
    text: 'In the report {path} something else has the name of the table {table}, which Millrace made, so the totals in it are lost. Nothing was changed in it. Move or drop what is there; after that a server, or `millrace batch`, makes the table again and counts its metric from the first line.',
  },
  REPORT_GONE: {
    exit: 1,
    text: 'The report {path} was {what} while it was open. Nothing is added to it or read from it, since nobody would find it later; a server still takes lines. If the file was moved, move it back. Then restart the server, or run the command again: the totals of a report that is missing or older are counted again from the archive and the log.',
  },
  REPORT_HOLDS_LOST: {
    exit: 1,
    text: 'The totals of {metric} hold {lines} lines of source {source} that were lost after they were counted, so counting again would drop them. The totals stay as they are, and a stream goes on adding to them. To drop those lines, stop the server and run `millrace batch --replace`, which counts the lines that are left.',
  },
  REPORT_INCOMPLETE: {
    exit: 1,
    text: 'The report {path} lacks what it says it holds: {what}. Nothing was answered, since totals would be missing. A server that runs or starts makes the tables again within seconds and counts their metrics from the first line; where none runs, `millrace batch` does so.',
  },
  REPORT_LATENESS_MOVED: {
    exit: 1,
    text: 'Lines of source {source} from offset {offset} on were judged by an allowed lateness of {given} ms for metric {metric}, but the report has judged by {held} ms since. Nothing was added. Another server with another definition streams into this report: stop one of them.',
  },
  REPORT_LOCKED: {
    exit: 1,
    text: 'The report {path} is in use by another process{pid}, and was still after {seconds} seconds. Wait for that process to end, or stop it.',
  },
  REPORT_LOGIN_REFUSED: {
    exit: 1,
    text: 'The report {path} refused the login: {why}. Nothing was changed in it. Check the user in the address, and the password there, in PGPASSWORD or in ~/.pgpass.',
  },
  REPORT_MIGRATION_CHANGED: {
    exit: 1,
    text: 'The report {path} was made by another build of Millrace: its migration {number} differs from the one here. Nothing was changed in it. Use the build that made it, or another schema.',
  },
  REPORT_MISSING: {
    exit: 1,
    text: 'There are no totals yet: {path} does not exist. Run `millrace batch` first, or name the right folder with --data.',
  },
  REPORT_MOVED: {
    exit: 1,
    text: 'While the batch computed, metric {metric} went on in the report, from offset {given} to {held}: a server has begun to count. Nothing was published. Run the command again.',
  },
  REPORT_NEWER_FORMAT: {
    exit: 1,
    text: 'The report {path} has format {found}, which was written by a newer Millrace; this one reads up to {known}. Install the newer version.',
  },
  REPORT_NO_DATABASE: {
    exit: 1,
    text: 'The report {path} has no such database: {why}. Create it, or mend the address in the definition.',
  },
  REPORT_NO_PERMISSION: {
    exit: 1,
    text: 'The report {path} refused what Millrace asked for: {why}. Nothing was changed in it. Grant the role what roles.sql lists.',
  },
  REPORT_OLDER_FORMAT: {
    exit: 1,
    text: 'The report {path} has format {found}, which an older Millrace wrote; this one reads format {known}. Run `millrace batch` or `millrace serve`, which bring it up to date and keep its totals.',
  },
  REPORT_OTHER_ARCHIVE: {
    exit: 1,
    text: 'The report has counted source {source} in another archive ({held}) than the one that is there ({found}), so their lines are not the same. Nothing was added. Put the right data folder or report back. To compute the totals from the archive that is there, stop the server and run `millrace batch --replace`.',
  },
  REPORT_OTHER_LINES: {
    exit: 1,
    text: 'Line {offset} of source {source} was observed at {found}, but the report had counted it by {counted}: the archive and the log were put back to an older state, and took other lines since. Nothing was added. Stop the server and run `millrace batch --replace`, which computes the totals from the lines that are there.',
  },
  REPORT_OTHER_LOG: {
    exit: 1,
    text: 'The report has counted source {source} up to offset {counted} of another log ({held}) than {found}, and the archive does not show that these are the same lines. Nothing was added. Put the right data folder back. If the old log is lost for good, stop the server and run `millrace batch --replace`, which computes the totals from the lines that are left.',
  },
  REPORT_OWN_TABLE_LOST: {
    exit: 1,
    text: 'The report {path} has lost a table in which Millrace keeps its account: {why}. Without it no total can be trusted. Drop the whole report by `DROP SCHEMA {schema}, {views} CASCADE`; a server, or `millrace batch`, then makes it again and counts every line from archive and log.',
  },
  REPORT_READ_ONLY: {
    exit: 1,
    text: 'The report {path} can only be read: {why}. Nothing was changed in it.',
  },
  REPORT_STREAM_MOVED: {
    exit: 1,
    text: 'The stream of source {source} stands at offset {held} of log {heldLog} in the report, not at offset {given} of log {givenLog}. Nothing was added, since lines would be counted twice or be missing. Another process may be streaming into this report, or the report or the log was put back to an older state.',
  },
  REPORT_STREAM_OWNS: {
    exit: 1,
    text: 'Windows of metric {metric} from {from} on are still taken by the stream, so a batch run cannot replace them. Nothing was published. Leave the end of the range out, or name an earlier one.',
  },
  REPORT_SUM_OVERFLOW: {
    exit: 1,
    text: 'A merged total of metric {metric} passes 38 digits, and a cut or wrapped total would be wrong. Use a smaller step or keep more dimensions.',
  },
  REPORT_TABLES_LOST: {
    exit: 1,
    text: 'The report {path} lacked what it says it holds: {what}. The tables were made again, and {metrics} is counted from its first line: a server does so by itself, and `millrace batch` at once. Until then answers say how many lines they lack.',
  },
  REPORT_TLS_FAILED: {
    exit: 1,
    text: 'Cannot reach the report {path} over TLS: {why}. Nothing was changed in it. Check `sslmode` in the address and the file named by `ca`.',
  },
  REPORT_UNFIT: {
    exit: 1,
    text: 'The report {path} cannot be kept there: {why}. Nothing was changed in it. Name another database in the definition.',
  },
  REPORT_UNREACHABLE: {
    exit: 1,
    text: 'Cannot reach the report {path}: {why}. Check the address and that the database server runs, then run the same command again. Totals that were being published are there as a whole or not at all.',
  },
  REPORT_VIEW_IN_USE: {
    exit: 1,
    text: 'The columns of a metric changed, and its view in the report {path} cannot be made anew: {why}. Nothing was changed. Drop the views that read from it, run the batch again, and create them anew.',
  },
  REPORT_WAITS: {
    exit: 1,
    text: 'The report {path} is waited for: {blocker} holds what this needs. It goes on by itself when that transaction ends, by its own client or by `SELECT pg_terminate_backend(…)` with the number of its process.',
  },
  STEP_INVALID: {
    exit: 2,
    text: '{step} cannot be a step: {why}. Write a whole number and s, m, h, d, w, mo or y, such as 5m, 1h, 1d, 1w, 1mo.',
  },
  STEP_NOT_NESTED: {
    exit: 2,
    text: 'Totals cannot be merged to steps of {step} in zone {zone}: {why}. {hint}',
  },
  STEP_TOO_FINE: {
    exit: 2,
    text: 'The range has more than {most} steps of {step}, which is the most that are allowed. Use a larger step, or a shorter range with --from and --to.',
  },
  STEP_UNKNOWN_ZONE: {
    exit: 2,
    text: 'There is no time zone {zone}. Use an IANA name such as Europe/Berlin, or an offset such as +05:30.{hint}',
  },
  VERIFY_NOT_COMPUTED: {
    exit: 1,
    text: 'Metric {metric} has no totals for all of the range. Name a range that was computed with --from and --to, or run `millrace batch` first.',
  },
  VERIFY_OTHER_ARCHIVE: {
    exit: 1,
    text: 'Revision {revision} was computed from another archive of source {source} than the present one, so the two cannot agree. Run `millrace batch`, or name the right archive.',
  },
  VERIFY_OVERTAKEN: {
    exit: 1,
    text: 'A batch run published metric {metric} while it was verified, so nothing can be said of its totals. Verify again.',
  },
} as const satisfies ErrorEntries
