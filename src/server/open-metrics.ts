/** Text of OpenMetrics 1.0: families of samples, each with its type and help. */

export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>>
  readonly value: number
  /** Of the name, where a family has samples of several kinds. */
  readonly suffix?: string
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly unit?: string
  readonly samples: readonly Sample[]
}

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export function printFamilies(families: readonly Family[]): string {
  return `${families.map(printFamily).join('')}# EOF\n`
}

function printFamily({ name, type, help, unit, samples }: Family): string {
  const suffix = type === 'counter' ? '_total' : ''
  const lines = [
    `# TYPE ${name} ${type}`,
    ...(unit ? [`# UNIT ${name} ${unit}`] : []),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map(
      ({ labels, value, suffix: own = suffix }) => `${name}${own}${printLabels(labels)} ${value}`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function printLabels(labels: Sample['labels']): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escapeText(String(value))}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
