/**
 * Code → exit status and text. A code says stage and fault. A text says what could not be done, to which
 * thing, why, and what to do. Keep the codes in alphabetical order; docs/errors.md lists each.
 */
export const ERROR_TABLE = {
  ARCHIVE_BAD_ADDRESS: {
    exit: 2,
    text: 'The archive {address} cannot be reached by these settings: {why}. Mend `archive` in the definition.',
  },
  ARCHIVE_CORRUPT_BLOCK: {
    exit: 1,
    text: 'Block {block} of source {source} cannot be trusted: {why}. No totals were changed. Run `millrace scrub`, which heals it where there is another good copy, or restore {path} from a backup.',
  },
  ARCHIVE_CORRUPT_MANIFEST: {
    exit: 1,
    text: 'The list of blocks of source {source} in {path} is damaged or missing, and so is every copy of it. Nothing was read or added. Restore manifest.json from a backup.',
  },
  ARCHIVE_FOREIGN_MIRROR: {
    exit: 1,
    text: 'The mirror {path} of source {source} holds the archive of another data folder. Nothing was added, since it would be overwritten. Name an empty folder as the mirror.',
  },
  ARCHIVE_GAP: {
    exit: 1,
    text: 'The archive of source {source} ends at line {end}, but the next lines of the log begin at {first}: the lines between them are missing. Nothing was added. Restore the segments of the log that were removed, or the newest archive.',
  },
  ARCHIVE_LOCKED: {
    exit: 1,
    text: 'The archive of source {source} in {path} is being written by process {pid}, started {since}. Wait for it to end, or use another --data folder.',
  },
  ARCHIVE_LOGIN_REFUSED: {
    exit: 1,
    text: 'The archive at {address} does not accept {user}: {why}. Nothing was added. Check `user` and `token` under `archive` in the definition; a delegation token expires and must then be fetched anew.',
  },
  ARCHIVE_NO_PERMISSION: {
    exit: 1,
    text: 'The archive at {address} refuses {user} access to {path}: {why}. Nothing was added. Ask for the right to it, or name another `user` or `path` under `archive` in the definition.',
  },
  ARCHIVE_OVERTAKEN: {
    exit: 1,
    text: 'Another ingest took over source {source} in {path}, since this one had not been heard of for {seconds} seconds. Nothing of this one was added. Run the same command again.',
  },
  ARCHIVE_QUOTA_EXCEEDED: {
    exit: 1,
    text: 'Cannot write to {path}: its quota is used up ({why}). Nothing was added. Have the quota raised or free space in it, then run the same command again.',
  },
  ARCHIVE_SAFE_MODE: {
    exit: 1,
    text: 'The archive at {address} is in safe mode, still after {seconds} seconds: {why}. Nothing was added. Wait until its DataNodes have reported their blocks, and look for missing ones, then run the same command again.',
  },
  ARCHIVE_STORAGE_FAILED: {
    exit: 1,
    text: 'The archive at {address} could not serve {path}: {why}. Nothing was added. Look at its NameNode and DataNodes, then run the same command again.',
  },
  ARCHIVE_TLS_FAILED: {
    exit: 1,
    text: 'Cannot reach the archive at {address} over TLS: {why}. Nothing was added. Check the address and the file named by `ca` under `archive` in the definition.',
  },
  ARCHIVE_UNREACHABLE: {
    exit: 1,
    text: 'Cannot reach the archive at {address}: {why}. Nothing was added. Check that the NameNode runs and that `archive` in the definition has its web address, then run the same command again.',
  },
  ARCHIVE_UNSURE: {
    exit: 1,
    text: 'The archive at {address} did not answer when {path} was put in its place: {why}. Either all of it was added or nothing. Run the same command again, which adds nothing twice.',
  },
  ARCHIVE_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write to {path}: {why}. Nothing was added. Free space or mend the permissions, then run the same command again.',
  },
  BATCH_ARCHIVE_BEHIND: {
    exit: 1,
    text: 'The archive of source {source} ends at offset {cut}, and its stream has counted up to {counted}, so the lines between are missing. Run the batch on the machine of `millrace serve`, or wait until it has archived them. The report stays as it was.',
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
    text: 'There is nothing to compute: no lines of {sources} were ingested into {path}. Run `millrace ingest SOURCE FILE…` first, or name the right folder with --data.',
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
  BATCH_STORAGE_REFUSED: {
    exit: 1,
    text: 'The batch engine could not reach or use the archive of source {source} from its machines: {why}. The report stays as it was. Check `rpc`, `path` and `user` under `archive` in the definition, and that its machines reach that address and may read the blocks and write beside them.',
  },
  BATCH_SUM_OVERFLOW: {
    exit: 1,
    text: 'A total of source {source} passes 38 digits: {why}. Nothing was published, since a wrapped or cut total would be wrong. Use a smaller window or a smaller scale.',
  },
  CLI_ENGINE_UNUSED: {
    exit: 2,
    text: 'Nothing is computed here that --engine {engine} could do: a query reads totals that are there. Leave it out, or add --as-of.',
  },
  CLI_FILE_EXISTS: {
    exit: 1,
    text: 'Will not write {file}: it exists. Name another file with --out, or replace it with --force.',
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
  DATA_LOCKED: {
    exit: 1,
    text: 'Another {purpose} (process {pid}, started {since}) is at work in this data folder, says {path}. Wait for it to end, or use another --data folder.',
  },
  DEFINE_UNREADABLE: {
    exit: 2,
    text: 'Cannot read the definition {file}: {why}. Name the right file with --config, or write one with `millrace init FILE`.',
  },
  EXPORT_INTERRUPTED: {
    exit: 1,
    text: 'The export of metric {metric} was stopped, since a batch published new totals meanwhile. Nothing was written. Run the same command again.',
  },
  EXPORT_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write {path}: {why}. Nothing was left there. Choose another place with --out, or mend the permissions.',
  },
  INGEST_BINARY_FILE: {
    exit: 1,
    text: 'Cannot ingest {input}: it is not a text file{hint}. Nothing was added.',
  },
  INGEST_CANCELLED: {
    exit: 1,
    text: 'The ingest was cancelled. Nothing was added.',
  },
  INGEST_CORRUPT_GZIP: {
    exit: 1,
    text: 'Cannot ingest {input}: its gzip data is damaged ({why}). Nothing was added. Get the file again, or repair it with `gzip -t` in hand.',
  },
  INGEST_HEADER_MISMATCH: {
    exit: 1,
    text: 'Cannot ingest {input}: its first line is not the header that source {source} declares. The file has {found}; the definition has {expected}. Nothing was added. Mend `columns` in the definition, or write `header: false` there when the files have no header.',
  },
  INGEST_IS_DIRECTORY: {
    exit: 1,
    text: 'Cannot ingest {input}: it is a directory. Nothing was added. Name the files in it, such as {input}/*.',
  },
  INGEST_LINE_TOO_LONG: {
    exit: 1,
    text: 'Cannot ingest {input}: a line in it is longer than {limit} bytes. Nothing was added. Check that it is a log of lines that end in a newline.',
  },
  INGEST_LOG_AHEAD: {
    exit: 1,
    text: 'The log of source {source} holds {lines} lines that the archive does not have yet, and the order of lines must stay. Nothing was added. Send the file to the server, or run `millrace serve` until it has archived them, then run the same command again.',
  },
  INGEST_LOG_OPEN: {
    exit: 1,
    text: 'A server (process {pid}) has the log of source {source} open, or another ingest of it runs, and both would number their lines alike. Nothing was added. Send the file to the server, or stop it and run the same command again.',
  },
  INGEST_NOT_FOUND: {
    exit: 1,
    text: 'Cannot ingest {input}: there is no such file. Nothing was added.',
  },
  INGEST_TRUNCATED_GZIP: {
    exit: 1,
    text: 'Cannot ingest {input}: its gzip data ends too early, so lines are missing. Nothing was added. Get the whole file again.',
  },
  INGEST_UNKNOWN_COMPRESSION: {
    exit: 1,
    text: 'Cannot ingest {input}: it is compressed as {format}; only gzip is read directly. Nothing was added. Unpack it: `{command} {input} | millrace ingest SOURCE -`.',
  },
  INGEST_UNREADABLE: {
    exit: 1,
    text: 'Cannot read {input}: {why}. Nothing was added.',
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
  LEDGER_MISMATCH: {
    exit: 1,
    text: 'The ledger of {what} does not balance: appended {appended}, but counted {counted} + filtered {filtered} + late {late} + rejected {rejected} = {total}. Nothing was published. This is a bug in Millrace; please report it with the definition.',
  },
  LOG_BAD_SETTINGS: {
    exit: 2,
    text: 'The brokers of the log cannot be used by these settings: {why}. Nothing was started. Mend `log` in the definition.',
  },
  LOG_BROKER_AWAY: {
    exit: 1,
    text: 'The brokers {brokers} cannot be used for source {source} at the moment: {why}. Nothing was acked. It is tried again; see that the brokers run and can be reached.',
  },
  LOG_CLOCK_JUMPED: {
    exit: 1,
    text: 'The clock of this machine is {hours} hours ahead of where it was. Nothing was added, since lines would be stamped with a wrong time for ever. Set the clock right; if it is right, restart the server.',
  },
  LOG_DAMAGED: {
    exit: 1,
    text: 'The log {path} is damaged at byte {position}: lines that were acked cannot be read there. Nothing is added to it. Restore the file from a backup; what the archive holds already is safe.',
  },
  LOG_KEY_REUSED: {
    exit: 1,
    text: 'The idempotency key {key} was used before for other lines. Nothing was added. Send a new key with new lines.',
  },
  LOG_LINE_TOO_LONG: {
    exit: 1,
    text: 'A line of source {source} is too long for topic {topic}, which takes {most} bytes at once. Nothing was added. Raise `max.message.bytes` of the topic and restart the server, or leave the line out.',
  },
  LOG_NOT_EMPTIED: {
    exit: 1,
    text: 'The log that was used before holds {lines} lines of source {source} that the archive does not have yet, so another one cannot go on from there. Nothing was started. Put `log` in the definition back as it was, run `millrace batch`, which archives them, then change it.',
  },
  LOG_READ_ONLY: {
    exit: 1,
    text: 'Source {source} takes its lines from topic {topic}, not from here. Nothing was added. Produce them to the topic.',
  },
  LOG_RECORDS_GONE: {
    exit: 1,
    text: 'Topic {topic} does not hold record {record} of partition {partition} any more as it was, and source {source} needs it: the archive or the report does not have its lines yet. Brokers delete records by the age or size that their topic is set to keep, or they were lost with one. Nothing is passed over. Restore them, or take the lines up again under a new name of the source.',
  },
  LOG_TOPIC_CHANGED: {
    exit: 1,
    text: 'Source {source} had its lines in topic {was}, and some of them are not in the archive and the report yet; now it is to use {topic}. Nothing was started. Put `topic_prefix` or `from` back until all is archived and counted, then change it.',
  },
  LOG_TOPIC_MISSING: {
    exit: 1,
    text: 'The brokers {brokers} have no topic {topic}, which source {source} takes its lines from. Mend `from` of the source, or make the topic.',
  },
  LOG_TOPIC_REPLACED: {
    exit: 1,
    text: 'Topic {topic} of source {source} was deleted and made anew, so its records are numbered from the start again, and lines of the old one are not in the archive and the report yet. Nothing was read or added. Take the lines up under a new name of the source.',
  },
  LOG_TOPIC_TAKEN: {
    exit: 1,
    text: 'Topic {topic} holds records that this data folder knows nothing of: another server writes to it, or the order of its lines was lost with a data folder. Nothing was added. Give source {source} a topic of its own by another `topic_prefix`.',
  },
  LOG_TOPIC_TIMES: {
    exit: 1,
    text: 'The records of topic {topic} bear the times of their producers (message.timestamp.type is {type}), so they do not tell when source {source} got them. Set the topic to LogAppendTime, or write `observed: read` beside it, so that lines are stamped when they are read.',
  },
  LOG_TRIMMED: {
    exit: 1,
    text: 'Line {offset} of source {source} is no longer in the log, which begins at {held}; it is in the archive. Run `millrace batch`, which reads the archive.',
  },
  LOG_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write to the log of source {source} in {path}: {why}. The lines were not added. Free space or mend the disk; a server that could not sync must be restarted.',
  },
  METRIC_CHANGED: {
    exit: 1,
    text: 'The totals of metric {metric} were computed for another version of its definition ({held}; the definition is now {asked}), so they would answer another question. Run `millrace batch` to compute it anew; until then `millrace query {metric} --definition-version {held}` reads the old totals.',
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
  REPORT_BAD_ADDRESS: {
    exit: 2,
    text: 'The report {path} cannot be reached by this address: {why}. Mend `report` in the definition.',
  },
  REPORT_DISK_FULL: {
    exit: 1,
    text: 'The report {path} has no room left: {why}. Nothing was changed in it. Free space on the database server, then run the same command again.',
  },
  REPORT_FAILED: {
    exit: 1,
    text: 'The report {path} could not be used: {why}. Nothing was changed in it.',
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
  REPORT_READ_ONLY: {
    exit: 1,
    text: 'The report {path} can only be read: {why}. Nothing was changed in it. Name the primary server in the address, not a standby.',
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
    text: 'Cannot reach the report {path}: {why}. A run is published there whole or not at all. Check the address and that the database server runs, then run the same command again.',
  },
  REPORT_VIEW_IN_USE: {
    exit: 1,
    text: 'The columns of a metric changed, and its view in the report {path} cannot be made anew: {why}. Nothing was changed. Drop the views that read from it, run the batch again, and create them anew.',
  },
  SERVE_CANNOT_LISTEN: {
    exit: 1,
    text: 'Cannot listen on {host} port {port}: {why}. Nothing was started. Mend `serve.listen` in the definition.',
  },
  SERVE_GONE: {
    exit: 1,
    text: 'The server on this data folder went away in the middle of the command. What it had not committed was rolled back; run the command again.',
  },
  SERVE_NOT_ARCHIVED: {
    exit: 1,
    text: 'The server could not bring all lines of its log into the archive, so the totals would lack some; it says why. The lines are safe in the log. Try again when the archive can be written.',
  },
  SERVE_NO_LINK: {
    exit: 1,
    text: 'The server cannot make the socket {path}, by which commands reach it: {why}. Make the folder writable, or use another data folder with --data.',
  },
  SERVE_OPEN_DOOR: {
    exit: 2,
    text: 'The server would listen on {host}, where others reach it, but source {source} has no tokens. Nothing was started. Make one by `millrace token` and add its hash under `serve.tokens`, or listen on 127.0.0.1.',
  },
  SERVE_PORT_IN_USE: {
    exit: 1,
    text: 'Port {port} of {host} is in use by another program. Nothing was started. Stop that program, or name another port under `serve.listen`.',
  },
  SERVE_RUNS_ALREADY: {
    exit: 1,
    text: 'A server runs on the data folder {path} already. Stop it first, or use another folder with --data.',
  },
  SERVE_UNREACHABLE: {
    exit: 1,
    text: 'A server runs on this data folder, and this command cannot reach it: {why}. Run the command as the user of the server.',
  },
  SERVE_UNREADABLE_TLS: {
    exit: 1,
    text: 'Cannot read {path} for TLS: {why}. Nothing was started. Mend `serve.tls` in the definition.',
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
  STATUS_NO_ANSWER: {
    exit: 1,
    text: 'It did not answer within {seconds} s. Check its address in the definition, and the network between.',
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
    text: 'The range has {count} steps of {step}, and {most} are allowed. Use a larger step, or a shorter range with --from and --to.',
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
} as const satisfies Record<string, { exit: 1 | 2; text: string }>
