/** A folder whose definition has a job of Flink count, as its user works with it. */
import { expect } from 'vitest'
import { type Ended, millrace } from '../cli/run-cli.ts'

export const inFolder =
  (cwd: string) =>
  (...args: string[]): Promise<Ended> =>
    millrace(args, { cwd })

/** Resolves when every task of the source's job runs; there is one source, or it is named. */
export async function jobRuns(cwd: string, ...sources: string[]): Promise<void> {
  const isRunning = (line: string) => /RUNNING, (\d+) of \1 tasks?/.test(line)
  await expect
    .poll(
      async () => {
        const { stdout } = await inFolder(cwd)('stream', 'status', ...sources)
        const lines = stdout.split('\n').filter((line) => /^\S/.test(line))
        return lines.length > 0 && lines.every(isRunning) ? 'all run' : stdout
      },
      { timeout: 240_000, interval: 500 },
    )
    .toBe('all run')
}

/** What the server at this address counted itself, that a job was to tally. */
export function takenOver(metrics: string): number {
  const lines = [...metrics.matchAll(/^millrace_stream_taken_over_lines_total\{.*\} (\d+)$/gm)]
  return lines.reduce((sum, [, count]) => sum + Number(count), 0)
}
