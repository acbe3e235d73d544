/** Lines of JSON objects as a sample of records: nested objects become paths of up to three keys. */
import { FieldGatherer, type RecordSample, type SampleValue } from './record-sample.ts'

const MAX_LEVELS = 3
const MIN_SHARE = 0.5

export function readJsonLines(lines: readonly string[]): RecordSample | undefined {
  const gatherer = new FieldGatherer()
  let count = 0
  for (const line of lines) {
    const object = parseObject(line)
    if (!object) continue
    count++
    gather(object, [], line, gatherer)
  }
  if (count < lines.length * MIN_SHARE || count === 0) return undefined
  return { format: { kind: 'json' }, lines: count, fields: gatherer.fields }
}

function parseObject(line: string): object | undefined {
  if (!/^\s*\{/.test(line)) return undefined
  try {
    return JSON.parse(line) as object
  } catch {
    return undefined
  }
}

function gather(object: object, path: readonly string[], line: string, gatherer: FieldGatherer): void {
  for (const [key, value] of Object.entries(object)) {
    const at = [...path, key]
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isObject && at.length < MAX_LEVELS) gather(value, at, line, gatherer)
    else gatherer.add(at, toValue(value, key, line))
  }
}

function toValue(value: unknown, key: string, line: string): SampleValue {
  if (value === null) return { kind: 'null', text: '' }
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value) }
  if (typeof value === 'number') return { kind: 'number', text: numberText(value, key, line) }
  return { kind: 'other', text: '' }
}

/** JSON.parse loses the difference between 1 and 1.0, which is no integer to the engine. */
function numberText(value: number, key: string, line: string): string {
  const text = String(value)
  if (!/^-?\d+$/.test(text)) return text
  const quoted = JSON.stringify(key).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`${quoted}\\s*:\\s*${text}[.eE]`).test(line) ? `${text}.0` : text
}
