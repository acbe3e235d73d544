/** All migrations, in the order in which they run. */
import { firstTables } from './0001-tables.ts'
import { streams } from './0002-streams.ts'
import { outside } from './0003-outside.ts'
import { lateness } from './0004-lateness.ts'
import { lateRanges } from './0005-late-ranges.ts'
import { lost } from './0006-lost.ts'
import { storedTables } from './0007-stored-tables.ts'
import type { Migration } from './migration.ts'

export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  streams,
  outside,
  lateness,
  lateRanges,
  lost,
  storedTables,
]
