/** Keeping raw lines: the archive and its ingests. Codes are in alphabetical order. */
import type { ErrorEntries } from './error-entry.ts'

export const ARCHIVE_ERRORS = {
  ARCHIVE_BAD_ADDRESS: {
    exit: 2,
    text: 'The archive {address} cannot be reached by these settings: {why}. Mend `archive` in the definition.',
  },
  ARCHIVE_CORRUPT_BLOCK: {
    exit: 1,
    text: 'Block {block} of source {source} cannot be trusted: {why}. The totals of {source} were not changed, and other sources go on. Run `millrace scrub`, which heals it where there is another good copy, or restore {path} from a backup. If its lines are lost for good, run `millrace accept-loss {source}`, which shows which they are, and the source goes on without them.',
  },
  ARCHIVE_CORRUPT_CONTENTS: {
    exit: 1,
    text: 'The list of contents that were ingested into source {source} is damaged or missing ({name}), so files that it already holds cannot be recognized. Nothing was added. Restore that file from a backup, or run the same command with `--again`, which takes the files whether they were ingested before or not, and begins a new list.',
  },
  ARCHIVE_CORRUPT_KEYS: {
    exit: 1,
    text: 'The idempotency keys of source {source} cannot be read: the log lacks them, and of their file in the archive ({name}) no copy is whole. No lines of {source} are taken, since a batch that a client sends again could count twice. Put the folder of its log back, or restore that file from a backup. Else start again a day after {last}, when the last of these batches came: no client may repeat one then.',
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
  ARCHIVE_MIRROR_AWAY: {
    exit: 1,
    text: 'The mirror {path} has nothing of source {source}, though it held a copy of it before: a drive that is not mounted looks like this. Nothing was added, since the mirror may hold lines that this data folder lacks, and others would get their offsets. Mount the drive. If the copy is lost for good, run `millrace scrub`, which writes it again.',
  },
  ARCHIVE_MIRROR_INSIDE: {
    exit: 1,
    text: 'The mirror {path} lies in the data folder {data}, so what destroys one destroys both. Name a folder elsewhere, best on another drive, as `archive: { mirror: DIR }` in the definition.',
  },
  ARCHIVE_MIRROR_OWNED: {
    exit: 1,
    text: 'The mirror {path} holds source {source} of the data folder {owner}, and the data folder {data} has nothing of it. Nothing was added, since both would give the same offsets to different lines. Name another mirror, or use --data {owner}. If that folder is lost and this one is to go on from the mirror, run `millrace scrub`, which takes it over.',
  },
  ARCHIVE_MIRROR_PARTED: {
    exit: 1,
    text: 'The data folder and its mirror {path} hold different lines of source {source} from offset {offset} on: each was added to without the other. Nothing was added or overwritten. Put back the one that belongs to the other. To go on with the data folder alone, name an empty folder as the mirror, and keep the old one, which holds lines that this data folder lacks.',
  },
  ARCHIVE_NEWER_BLOCKS: {
    exit: 1,
    text: 'The archive of source {source} holds blocks in {path} that lie beyond the end of its list of blocks, and no ingest left them there: {blocks}. The newest list was deleted, or an older one was put back. Nothing was added or removed, since other lines would get the same offsets. Put back the newest list from a snapshot or a backup. If these blocks are of no use, move them out of {path}. Then run the same command again.',
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
    text: 'Cannot write to {path} as user {user}: {why}. Nothing was added or changed. Free space, fix the permissions, or run the command as the user of the data folder; then run it again.',
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
    text: 'Cannot ingest {input}: its gzip data is damaged ({why}). Nothing was added. Get the file again; `gzip -t` tells whether it is whole.',
  },
  INGEST_HEADER_MISMATCH: {
    exit: 1,
    text: 'Cannot ingest {input}: its first line is not the header that source {source} declares. The file has {found}; the definition has {expected}. Nothing was added. Mend `columns` in the definition, or write `header: false` there when the files have no header.',
  },
  INGEST_IS_DIRECTORY: {
    exit: 1,
    text: 'Cannot ingest {input}: it is a directory. Nothing was added. Name the files in it, such as {input}/*.',
  },
  INGEST_KNOWN_CONTENT: {
    exit: 1,
    text: '{input} holds nothing but lines that the source already has: the same content was ingested before, perhaps under another name. Nothing was added. Leave it out, or run the same command with `--again` to count its lines a second time.',
  },
  INGEST_KNOWN_LINE: {
    exit: 1,
    text: 'The last line of {input} had no end when it was ingested, and it has grown since: {lines} of the file are in the archive, the last of them cut short. Nothing was added. To take the lines after it, ingest them from a file of their own: `tail -n +{next} {input} > rest.log` (for a packed file, unpack it first).',
  },
  INGEST_KNOWN_START: {
    exit: 1,
    text: '{input} begins with {lines} that were ingested before ({bytes} bytes), which is too little to tell a file that has grown from another one that begins alike. Nothing was added. Run the same command with `--continue` to take only what comes after these lines, or with `--again` to take all of it.',
  },
  INGEST_KNOWN_STREAM: {
    exit: 1,
    text: 'What came from {input} begins with {lines} that were ingested before ({bytes} bytes). Nothing was added, since only a file can be taken from its middle. Save it as a file and ingest that, or run the same command with `--again` to count these lines a second time.',
  },
  INGEST_KNOWN_YEARS: {
    exit: 1,
    text: '{input} begins with {lines} that were ingested without `--year`, so the year of the line after them is not known. Nothing was added. Leave out `--year`, or ingest the new lines from a file of their own, with the year of its first stamp: `tail -n +{next} {input} > rest.log` (for a packed file, unpack it first).',
  },
  INGEST_LINE_TOO_LONG: {
    exit: 1,
    text: 'Cannot ingest {input}: a line in it is longer than {limit} bytes. Nothing was added. Check that it is a log of lines that end in a newline.',
  },
  INGEST_LOG_AHEAD: {
    exit: 1,
    text: 'The log of source {source} holds {lines} lines that the archive does not have yet, and the order of lines must stay. Nothing was added. Send the file to a server, or run `millrace batch`, which archives them, then the same command again.',
  },
  INGEST_LOG_LOST: {
    exit: 1,
    text: 'The topic of source {source} holds lines that have no place in {path}, which was lost, or put back from an older state. They come before these. Nothing was added. Start `millrace serve`, which gives them their places from the archive and the topic, then run the same command again.',
  },
  INGEST_LOG_OPEN: {
    exit: 1,
    text: 'A server or another ingest (process {pid}) has the log of source {source} open, and both would number their lines alike. Nothing was added. Send the file to the server, or run the same command again when the process has ended.',
  },
  INGEST_NOT_FOUND: {
    exit: 1,
    text: 'Cannot ingest {input}: there is no such file. Nothing was added.',
  },
  INGEST_NOT_LINES: {
    exit: 1,
    text: 'Cannot ingest {input}: it is {is}, not lines of source {source}, whose format is {format}. Nothing was added. {remedy}',
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
  INGEST_YEAR_UNUSED: {
    exit: 2,
    text: 'Cannot use --year: the stamps of source {source} carry their own year. Nothing was added. Run the same command without it.',
  },
  RENAME_BOTH_HOLD: {
    exit: 1,
    text: 'Source {to} cannot take over what {from} has (`was: {from}`), since {where} already holds lines of both, and their offsets would be the same. Nothing was changed. Give the source that came to be called {to} another name in the same definition, such as {to}_since with `was: {to}`, which frees this one; or take `was: {from}` out and keep {from} as a source of its own.',
  },
  RENAME_MUST_STOP: {
    exit: 1,
    text: 'Source {to} waits to take over what {from} has (`was: {from}`), and a server is running that uses the old name. Nothing was changed. Stop the server and start it again: it renames the source before it begins.',
  },
} as const satisfies ErrorEntries
