/** A batch run's news on the progress bar. */
import type { BatchProgress } from '../run/run-batch.ts'
import type { Progress, Step } from './progress.ts'
import { formatCount } from './text-table.ts'

export function showProgress(progress: Progress, news: BatchProgress): void {
  const step = stepOf(news)
  if (step) progress.update(step)
  else progress.end()
}

function stepOf(news: BatchProgress): Step | undefined {
  if (news.phase === 'publish') return undefined
  const { source } = news
  return news.phase === 'verify'
    ? { label: `verify ${source}`, done: news.blocks, total: news.totalBlocks, unit: ' blocks', format }
    : { label: `compute ${source}`, done: news.linesRead, total: news.totalLines, unit: ' lines', format }
}

function format(amount: number): string {
  return formatCount(Math.round(amount))
}
