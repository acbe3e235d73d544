/** Code → exit status and text, of all stages. A code says stage and fault; docs/errors.md lists each. */
import { ARCHIVE_ERRORS } from './errors/archive-errors.ts'
import { COMMAND_ERRORS } from './errors/command-errors.ts'
import { ENGINE_ERRORS } from './errors/engine-errors.ts'
import { LOG_ERRORS } from './errors/log-errors.ts'
import { REPORT_ERRORS } from './errors/report-errors.ts'

export const ERROR_TABLE = {
  ...ARCHIVE_ERRORS,
  ...COMMAND_ERRORS,
  ...ENGINE_ERRORS,
  ...LOG_ERRORS,
  ...REPORT_ERRORS,
} as const
