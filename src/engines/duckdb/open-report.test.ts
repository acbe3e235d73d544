/** What a report in a file says of what DuckDB could not do. */
import { expect, it } from 'vitest'
import { failedError } from './open-report.ts'

it('tells a full drive from a damaged file and from other failures', () => {
  const codeOf = (message: string) => failedError('/d/report.duckdb', new Error(message)).code
  const full =
    'FATAL Error: Failed to create checkpoint because of error: Could not write: No space left on device'
  expect(codeOf(full)).toBe('REPORT_DISK_FULL')
  expect(codeOf('The file is not a valid DuckDB database')).toBe('REPORT_DAMAGED')
  expect(codeOf('IO Error: something else')).toBe('REPORT_FAILED')
})
