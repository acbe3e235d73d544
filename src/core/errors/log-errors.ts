/** The log, and the server that fills it. Codes are in alphabetical order. */
import type { ErrorEntries } from './error-entry.ts'

export const LOG_ERRORS = {
  CLOCK_BAD_TIME: {
    exit: 2,
    text: 'The lines of source {source} cannot have been observed until {time}: the line before them was observed at {least}, and what follows them at {latest}. Nothing was changed. Give --observed a time between the two.',
  },
  CLOCK_EMPTY_RANGE: {
    exit: 2,
    text: 'The range from offset {from} to offset {to} holds no line of source {source}: --to-offset must come after --from-offset. Nothing was changed.',
  },
  CLOCK_NO_LINES: {
    exit: 1,
    text: 'The archive has no lines of source {source}, so there are no times to repair. Nothing was changed. See `millrace status`.',
  },
  LINES_LOST: {
    exit: 1,
    text: 'Source {source} has lost {lines} lines for good, those of offsets {offsets}; {by} accepted the loss, last at {time}. Totals lack them, unless they had been counted before, and the ledger counts them as lost. See `millrace ledger`.',
  },
  LOG_BAD_SETTINGS: {
    exit: 2,
    text: 'The brokers of the log cannot be used by these settings: {why}. Nothing was started. Mend `log` in the definition.',
  },
  LOG_BROKER_AWAY: {
    exit: 1,
    text: 'The brokers {brokers} cannot be used for {what} at the moment: {why}. Nothing was acked or changed. See that they run and can be reached; a server goes on trying by itself.',
  },
  LOG_CLOCK_BEHIND: {
    exit: 1,
    text: 'Lines of source {source} were stamped as late as {last}, but the clock of this machine says {wall}. Nothing was added, since every line would be stamped {last} until then. If the clock is behind, set it right, and lines are taken again. If it is right, lines were stamped by a clock that was ahead: stop the server and run `millrace repair-clock {source}`.',
  },
  LOG_CLOCK_BROKER: {
    exit: 1,
    text: "Topic {topic} has a record that its broker stamped {stamp}, more than an hour ahead of the clock of this machine. Source {source} reads no further, since every line after it would be stamped {stamp} until then. Set the clock that is wrong right. If that was the broker's, stop the server and run `millrace repair-clock {source}`.",
  },
  LOG_CLOCK_JUMPED: {
    exit: 1,
    text: 'The clock of this machine is {hours} hours ahead of where it was. Nothing was added, since lines would be stamped with a wrong time forever. Set the clock right; if it is right now, restart the server. If lines were stamped before it was set right, run `millrace repair-clock` for their source first.',
  },
  LOG_CLOCK_UNCONFIRMED: {
    exit: 1,
    text: 'The last time known of source {source} is {last}, and the clock of this machine says {wall}, more than a year later. Nothing was added, since lines would be stamped with a wrong time forever. Set the clock right. If it is right and the source has rested, stop the server and run `millrace repair-clock {source} --confirm`. If its lines were stamped by a clock that was behind, run `millrace repair-clock {source} --behind`.',
  },
  LOG_DAMAGED: {
    exit: 1,
    text: 'The log {path} is damaged at byte {position}: lines that were acked cannot be read there. Nothing is added to it. Restore the file from a backup; what the archive holds already is safe.',
  },
  LOG_DISK_FULL: {
    exit: 1,
    text: 'The disk of the log in {path} is nearly full: {free} are free, and {kept} are kept back so that the lines of the log can still be archived and counted. No lines are added meanwhile. The log gives up what is archived and counted, and lines are taken again by themselves once {least} are free. If that does not come, delete what is not needed on that disk, or give it more room.',
  },
  LOG_FILE_GONE: {
    exit: 1,
    text: 'The file {path} was {what} while the server had it open, so nobody would find what is added to it. No lines are acked any more. If it was moved, move it back. If it was deleted or replaced, `{command}` brings it back on Linux with all lines that were acked, but only while the server still runs. Then restart the server.',
  },
  LOG_FOLDER_GONE: {
    exit: 1,
    text: 'The data folder {path} was deleted, moved or replaced while the server ran on it, so another server could take it. No lines are acked any more. Put the folder back if it was moved, and restart the server.',
  },
  LOG_KEYS_DAMAGED: {
    exit: 1,
    text: 'The idempotency keys of source {source} in {path} cannot be trusted: {why}. Nothing was opened or changed, since a batch that a client sends again could count twice without them. Restore the file from a backup that was taken with its log; or, if no client will send again what it sent before now, give the file this line as its only content: {none}',
  },
  LOG_KEY_REUSED: {
    exit: 1,
    text: 'The idempotency key {key} was used before for other lines. Nothing was added. Send a new key with new lines.',
  },
  LOG_LINES_MISSING: {
    exit: 1,
    text: 'Source {source} is held up: {lines} of its lines, those of offsets {offsets}, are neither in the archive nor in the log any more. Nothing of it is counted or archived beyond them, since its totals would lack them without a word; lines that come now are kept in the log, and other sources go on. If a drive is not mounted, or an older copy of the archive was put back, set that right. If the lines are lost for good, run `millrace accept-loss {source}`, which shows which they are, and the source goes on without them.',
  },
  LOG_LINE_TOO_LONG: {
    exit: 1,
    text: 'A line of source {source} is too long for topic {topic}, which takes {most} bytes at once. Nothing was added. Raise `max.message.bytes` of the topic and restart the server, or leave the line out.',
  },
  LOG_NOT_EMPTIED: {
    exit: 1,
    text: 'The log that was used before holds {lines} lines of source {source} that the archive does not have yet, so another one cannot go on from there. Nothing was started. Put `log` in the definition back as it was, run `millrace batch`, which archives them, then change it.',
  },
  LOG_OTHER_LINES: {
    exit: 1,
    text: 'The log of source {source} in {path} holds another line at offset {offset} than the archive: one was observed at {held}, the other at {archived}. The archive or the log was put back to an older state, and both took lines since. Nothing was opened, since lines that were acked would be dropped. Put back the data folder, or the archive or mirror, that belongs to the other. To go on without the lines that only this log holds, move {path} away, and keep it: the page on recovery (docs/guides/recovery.md) says how to take them as new ones.',
  },
  LOG_READ_ONLY: {
    exit: 1,
    text: 'Source {source} takes its lines from topic {topic}, not from here. Nothing was added. Produce them to the topic.',
  },
  LOG_RECORDS_GONE: {
    exit: 1,
    text: 'Topic {topic} does not hold record {record} of partition {partition} as source {source} got it, and the archive does not have its lines yet: the brokers lost the end of the partition. Source {source} reads and takes nothing until then, since other records would get the same numbers. If the records come back, as with a broker that is away, it goes on by itself. If they are lost for good, run `millrace accept-loss {source}`.',
  },
  LOG_REFUSED: {
    exit: 1,
    text: 'The brokers {brokers} answer, and refuse the lines of source {source} for topic {topic}: {why}. Nothing was acked. {advice} A server goes on trying by itself.',
  },
  LOG_TOPIC_CHANGED: {
    exit: 1,
    text: 'Source {source} had its lines in topic {was}, and some of them are not in the archive yet; now it is to use {topic}. Nothing was started. Put `topic_prefix` or `from` back, run `millrace batch`, which archives them, then change it.',
  },
  LOG_TOPIC_COMPACTED: {
    exit: 1,
    text: 'Topic {topic} of source {source} is compacted (cleanup.policy is {policy}), so its brokers refuse lines, which are records without a key, and may delete those that are there. Nothing was added. Set cleanup.policy of the topic to delete; a server then goes on by itself.',
  },
  LOG_TOPIC_FENCED: {
    exit: 1,
    text: 'Another server has begun to write to topic {topic} of source {source}, or this one stood still for more than a minute in the middle of a write. Nothing was acked; the request may be sent again. Two servers must not write to one topic: stop one of them, or give it another `topic_prefix` and data folder. This one takes the topic over again by itself.',
  },
  LOG_TOPIC_MISSING: {
    exit: 1,
    text: 'The brokers {brokers} have no topic {topic}, which source {source} takes its lines from. Mend `from` of the source, or make the topic.',
  },
  LOG_TOPIC_REPLACED: {
    exit: 1,
    text: 'Topic {topic} of source {source} is not the one that held its lines: it was deleted and made again, or the brokers are others. Some lines of the old one are not in the archive yet, so nothing was read or added. If `log` in the definition names the wrong brokers, set that right. If the old topic is lost for good, run `millrace accept-loss {source}`, and the source goes on in the new one.',
  },
  LOG_TOPIC_TAKEN: {
    exit: 1,
    text: 'Topic {topic} holds records that neither this data folder nor its archive knows as lines of source {source}: another server writes to it, a source that had this name before keeps it, or the order of its lines was lost before any of them was archived. Nothing was added. If that order is in a backup of the data folder, stop the server and put it back. Else give source {source} another name, or a topic of its own by another `topic_prefix`; to keep the lines of the old topic, take them up as a source of their own by `from`, with `observed: read`.',
  },
  LOG_TOPIC_TIMES: {
    exit: 1,
    text: 'The records of topic {topic} bear the times of their producers (message.timestamp.type is {type}), so they do not tell when source {source} got them. Set the topic to LogAppendTime, or write `observed: read` beside it, so that lines are stamped when they are read.',
  },
  LOG_TRIMMED: {
    exit: 1,
    text: 'Line {offset} of source {source} is no longer in the log, which begins at {held}; it is in the archive, from which `millrace serve` and `millrace batch` read it.',
  },
  LOG_UNWRITABLE: {
    exit: 1,
    text: 'Cannot write to the log of source {source} in {path}: {why}. The lines were not added. Free space or mend the disk; a server that could not sync must be restarted.',
  },
  LOSS_IN_BLOCK: {
    exit: 1,
    text: 'No line of source {source} is taken for lost, since {block} lies in its archive, which no manifest names and whose offsets are among theirs: a newer manifest was removed, or an older one put back. Nothing was changed. Put the newest manifest back from a snapshot or a backup, and the source goes on by itself. If there is none, move that block out of the archive and keep it, since its lines can be read out of it, and run `millrace accept-loss {source}` again.',
  },
  LOSS_IN_TOPIC: {
    exit: 1,
    text: 'No line of source {source} is taken for lost, since topic {topic} still holds records from before those of its log, and they may be the lines that the archive lacks. Nothing was changed. Put the archive back, or an older copy of it, and restart the server: what follows it is read from the topic. If there is no copy, take the topic up as a source of its own by `from`, with `observed: read`.',
  },
  LOSS_MOVED: {
    exit: 1,
    text: 'The lines of source {source} that are lost are no longer those that were shown: offsets {found}, where {shown} were shown. Nothing was changed. Run `millrace accept-loss {source}` again, and look at what it shows.',
  },
  LOSS_NEEDS_YES: {
    exit: 2,
    text: 'The loss of {lines} lines of source {source} was not accepted, since nobody can be asked here. Nothing was changed. Add --yes, once you have seen what is lost.',
  },
  LOSS_UNPROVEN: {
    exit: 1,
    text: 'No line of source {source} is taken for lost, since {path} {why}, and a folder that was deleted cannot be told from a drive that is not mounted. Nothing was changed. If a drive is away, mount it. If what was there was deleted, run `millrace accept-loss {source} --deleted {path}`.',
  },
  LOSS_WITHOUT_ORDER: {
    exit: 1,
    text: 'No line of source {source} is taken for lost, since topic {topic} holds records, and the order of its lines is not in the data folder. Nothing was changed. Start `millrace serve`, which makes the order again from the archive and the topic, or says why it cannot; then run the same command again.',
  },
  SERVE_CANNOT_LISTEN: {
    exit: 1,
    text: 'Cannot listen on {host} port {port}: {why}. Nothing was started. Mend `serve.listen` in the definition.',
  },
  SERVE_CANNOT_RELOAD: {
    exit: 1,
    text: 'The changed definition {file} was not taken: a running server cannot change {what}. Put that back, or stop the server and start it again.',
  },
  SERVE_GONE: {
    exit: 1,
    text: 'The server on this data folder went away in the middle of the command. What it had not committed was rolled back; run the command again.',
  },
  SERVE_MUST_STOP: {
    exit: 1,
    text: 'A server counts into the report that `--replace` would compute from the lines that are left. The report stays as it was. Stop `millrace serve`, then run the command again.',
  },
  SERVE_NOT_ARCHIVED: {
    exit: 1,
    text: 'The server could not bring all lines of source {source} into the archive, so its totals would lack some: {why}. They stay in the log. Try again when the archive can be written.',
  },
  SERVE_NO_LINK: {
    exit: 1,
    text: 'The server cannot make the socket {path}, by which commands reach it: {why}. Make the folder writable, or use another data folder with --data.',
  },
  SERVE_OPEN_DOOR: {
    exit: 2,
    text: 'The server would listen on {host}, where others reach it, but source {source} has no tokens. Nothing was started. Make one by `millrace token` and add its hash under `serve.tokens`, or listen on 127.0.0.1.',
  },
  SERVE_OTHER_DEFINITION: {
    exit: 2,
    text: 'The server on this data folder began with another definition of {metric} than {file} has now. The report stays as it was. Send it SIGHUP, as by `kill -HUP`, or restart it, so that it takes the new one.',
  },
  SERVE_PORT_IN_USE: {
    exit: 1,
    text: 'Port {port} of {host} is in use by another program. Nothing was started. Stop that program, or name another port under `serve.listen`.',
  },
  SERVE_RUNS_ALREADY: {
    exit: 1,
    text: 'A server runs on the data folder {path} already. Stop it first, or use another folder with --data.',
  },
  SERVE_SILENT: {
    exit: 1,
    text: 'The server on this data folder does not answer: nothing came from it for {seconds} seconds. Look at it by `ps -o pid,stat,cmd -p {pid}`: one that is stopped (T) goes on after `kill -CONT {pid}`; one that hangs is ended by `kill -KILL {pid}` and started again, and no acked line is lost. Then run the command again.',
  },
  SERVE_UNREACHABLE: {
    exit: 1,
    text: 'Cannot ask as user {user} whether a server runs on the data folder {path}: {why}. Nothing was done. Run the command as the user of the data folder and its server.',
  },
  SERVE_UNREADABLE_TLS: {
    exit: 1,
    text: 'Cannot read {path} for TLS: {why}. Nothing was started. Mend `serve.tls` in the definition.',
  },
} as const satisfies ErrorEntries
