/** Rejected lines in words: as a stream meets them, and as a ledger counts them. */
import type { Ledger } from '../core/run-record.ts'
import type { RejectNews } from '../server/reject-watch.ts'
import { countOf, formatCount } from './text-table.ts'

export function describeRejectNews(news: RejectNews): string {
  const { source } = news
  const see = `\`millrace rejects ${source}\` shows which.`
  if (news.kind === 'first') {
    const lines = news.lines === 1 ? 'A line' : countOf(news.lines, 'line')
    return `Warning: ${lines} of ${source} cannot be used (${news.reason}), the first of this kind since the start. ${see}`
  }
  const share = `${formatCount(news.rejected)} of the last ${countOf(news.lines, 'line')} of ${source}`
  if (news.change === 'over') return `Only ${share} cannot be used; the share is small again.`
  const percent = Math.floor((news.rejected / news.lines) * 100)
  return `Warning: ${share} cannot be used (${percent} %)${news.change === 'worse' ? ', which is more than before' : ''}. ${see}`
}

/** A sentence for each source of which most lines were rejected, or for each metric for which they were. */
export function describeMostRejected(ledger: readonly Ledger[]): string[] {
  const most = ledger.filter(({ appended, rejected }) => rejected > appended / 2)
  const sources = new Set(most.filter(({ metric }) => metric === undefined).map(({ source }) => source))
  return most
    .filter(({ source, metric }) => metric === undefined || !sources.has(source))
    .map(({ source, metric, appended, rejected }) => {
      const share = rejected === appended ? `All ${countOf(rejected, 'line')}` : `Most lines`
      const counts = rejected === appended ? '' : `: ${formatCount(rejected)} of ${formatCount(appended)}`
      const by = metric === undefined ? '' : ` for ${metric}`
      return `${share} of ${source} were rejected${by}${counts}, so the totals lack them. \`millrace rejects ${source}\` shows them with their reasons.`
    })
}
