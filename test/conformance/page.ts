/** docs/conformance.md: a table of cells that tests write and read back, one column an engine. */
import type { ConformanceCase } from './conformance-case.ts'
import type { Verdict } from './judge-outcome.ts'

export const ENGINES = ['duckdb', 'spark', 'flink'] as const
export type EngineName = (typeof ENGINES)[number]

/** What stands in one column. */
export interface Column {
  /** Which version ran, and on which day; undefined before the first run. */
  readonly ran: string | undefined
  /** By a case's title: `exact`, `bounded`, `refused: why` or `wrong`. */
  readonly cells: ReadonlyMap<string, string>
}

export type Page = Readonly<Record<EngineName, Column>>

const NOT_RUN = 'not run'
const COUNTED = ['exact', 'bounded', 'refused', 'wrong', NOT_RUN] as const

export function titleOf({ group, name }: ConformanceCase): string {
  return `${group}: ${name}`
}

export function cellOf(verdict: Verdict): string {
  return verdict.kind === 'refused' ? `refused: ${verdict.why}` : verdict.kind
}

export function printPage(cases: readonly ConformanceCase[], page: Page): string {
  return `${[INTRODUCTION, ran(page), ...groupsOf(cases).map((group) => printGroup(group, cases, page)), refusals(page), counts(cases, page)].join('\n\n')}\n`
}

const INTRODUCTION = `# Conformance

What each engine makes of each case of \`test/conformance/cases\`: a definition, lines, and the totals and rejections that
[expressions.md](expressions.md) and [formats.md](formats.md) demand of them, worked out by hand. Every case goes
through archive, batch engine, report and query. Tests write this page: \`npm run conformance -- --write\`.

The column of \`flink\` runs the SQL of a job on Flink, on a list of lines in place of a topic; lines that the job passes on
([flink.md](flink.md)) are counted by the embedded engine, as \`millrace serve\` does, and the totals are those of both.

- **exact**: every cell of the totals, every rejected line with its reason, and the number of filtered records are as
  expected, to the last digit.
- **bounded**: the case expects the true numbers, and the totals differ from them by no more than was promised: 1 % for
  quantiles, four standard errors for distinct counts, and 10⁻⁹ for sums and means of floats, which depend on the order
  of addition. Sketches are the same on every engine, bit for bit; floats need not be.
- **refused**: the engine will not compute the definition, and says why; nothing is approximated.`

function ran(page: Page): string {
  return ENGINES.map((engine) => `- \`${engine}\`: ${page[engine].ran ?? NOT_RUN}`).join('\n')
}

function groupsOf(cases: readonly ConformanceCase[]): string[] {
  return [...new Set(cases.map(({ group }) => group))]
}

function printGroup(group: string, cases: readonly ConformanceCase[], page: Page): string {
  const rows = cases
    .filter((test) => test.group === group)
    .map((test) => [mark(test.name), ...ENGINES.map((engine) => short(page, engine, titleOf(test)))])
  return `## ${group}\n\n${table(['case', ...ENGINES], rows)}`
}

function short(page: Page, engine: EngineName, title: string): string {
  return cellIn(page, engine, title).replace(/:.*/s, '')
}

function cellIn(page: Page, engine: EngineName, title: string): string {
  return page[engine].cells.get(title) ?? NOT_RUN
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function refusals(page: Page): string {
  const rows = ENGINES.flatMap((engine) =>
    [...page[engine].cells]
      .filter(([, cell]) => cell.startsWith('refused: '))
      .map(([title, cell]) => [engine, mark(title), mark(cell.slice('refused: '.length))]),
  )
  const body = rows.length > 0 ? table(['engine', 'case', 'why'], rows) : 'No engine refuses a case.'
  return `## Refusals\n\n${body}`
}

/** Percent of what ran and of all cases are the same once every column has been run. */
function counts(cases: readonly ConformanceCase[], page: Page): string {
  const rows = ENGINES.map((engine) => {
    const cells = cases.map((test) => short(page, engine, titleOf(test)))
    const numbers = COUNTED.map((kind) => cells.filter((cell) => cell === kind).length)
    const percent = (100 * (numbers[0]! + numbers[1]!)) / cases.length
    return [engine, ...numbers.map(String), `${Math.floor(percent * 10) / 10} %`]
  })
  return `## Counts\n\n${cases.length} cases.\n\n${table(['engine', ...COUNTED, 'exact or bounded'], rows)}`
}

function mark(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_')
}

function unmark(text: string): string {
  return text.replaceAll('\\|', '|').replaceAll('&lt;', '<').replaceAll('\\*', '*').replaceAll('\\_', '_')
}

/** The cells of a printed page; every cell is `not run` where there is no page yet. */
export function readPage(text: string): Page {
  const columns = ENGINES.map((engine) => [engine, { ran: ranOf(text, engine), cells: new Map() }] as const)
  const page = Object.fromEntries(columns) as Record<
    EngineName,
    { ran: string | undefined; cells: Map<string, string> }
  >
  const reasons = new Map<string, string>()
  let group = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) group = line.slice(3)
    const cells = /^\| (.*) \|$/.exec(line)?.[1]?.split(/(?<!\\) \| /)
    if (!cells || cells[0] === 'case' || cells[0] === 'engine') continue
    if (group === 'Refusals') reasons.set(`${cells[0]} ${unmark(cells[1]!)}`, unmark(cells[2]!))
    else if (group !== 'Counts')
      ENGINES.forEach((engine, place) => {
        const cell = cells[place + 1]
        if (cell !== undefined && cell !== NOT_RUN)
          page[engine].cells.set(`${group}: ${unmark(cells[0]!)}`, cell)
      })
  }
  for (const engine of ENGINES)
    for (const [title, cell] of page[engine].cells)
      if (cell === 'refused') page[engine].cells.set(title, `refused: ${reasons.get(`${engine} ${title}`)}`)
  return page
}

function ranOf(text: string, engine: EngineName): string | undefined {
  const found = new RegExp(`^- \`${engine}\`: (.*)$`, 'm').exec(text)?.[1]
  return found === NOT_RUN ? undefined : found
}
