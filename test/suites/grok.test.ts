/** Cases of Logstash's grok patterns, run as `pattern` sources as far as RE2 goes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLines } from '../formats/parse-lines.ts'
import { expandGrok, readPatterns } from './grok-pattern.ts'
import { type Outcome, reportOutcomes, suiteFolder } from './vectors.ts'

const folder = suiteFolder('grok')

interface GrokCase {
  readonly file: string
  readonly line: number
  readonly pattern: string
  readonly mode?: string
  readonly input: string
  readonly expect: 'capture' | 'match'
  readonly field?: string
  readonly value?: unknown
}

describe.skipIf(!folder)(`grok${folder ? '' : ' (SKIPPED: vectors absent)'}`, () => {
  it('captures what the cases want', async () => {
    const files = readdirSync(join(folder!, 'patterns'))
    const patterns = readPatterns(files.map((name) => readFileSync(join(folder!, 'patterns', name), 'utf8')))
    const cases = JSON.parse(readFileSync(join(folder!, 'cases.json'), 'utf8')) as GrokCase[]
    const outcomes: Outcome[] = []
    for (const one of cases)
      outcomes.push({
        vector: `${one.file}:${one.line} ${one.pattern} ${one.field ?? ''}`,
        reason: await fault(one, patterns),
      })
    const { passed, other } = reportOutcomes('grok', outcomes)
    const reasons = other.map((text) => text.slice(text.indexOf(': ') + 2))
    expect({ passed, reasons: [...new Set(reasons)].sort() }).toMatchInlineSnapshot(`
      {
        "passed": 199,
        "reasons": [
          "RE2 refuses the pattern",
          "another text was captured",
          "the vector holds only part of its input",
          "the vectors hold the legacy patterns only",
          "the vectors lack the pattern",
        ],
      }
    `)
  })
})

async function fault(one: GrokCase, patterns: ReadonlyMap<string, string>): Promise<string | undefined> {
  if (one.mode === 'ecs-v1') return 'the vectors hold the legacy patterns only'
  // Some cases name the pattern and what it is about.
  const name = /^\w+/.exec(one.pattern)?.[0] ?? ''
  if (!patterns.has(name)) return 'the vectors lack the pattern'
  try {
    const { regex, oracle, fields } = expandGrok(patterns, name)
    const captures = (texts: Readonly<Record<string, string | null | undefined>> | undefined) =>
      texts !== undefined &&
      (one.expect === 'match' ||
        fields.some(([id, field]) => field === one.field && isSame(texts[id], one.value)))
    const groups = Object.fromEntries(fields.map(([id]) => [id, 'string'] as const))
    const source = { format: { kind: 'pattern', regex }, fields: groups, time: ['none'] } as const
    const [line] = await parseLines(source, [one.input])
    const isMatch = line!.reason === 'missing_time'
    if (isMatch && captures(line!.fields)) return undefined
    if (oracle && !captures(oracle.exec(one.input)?.groups)) return 'the vector holds only part of its input'
    return isMatch ? 'another text was captured' : `the line is rejected: ${line!.reason}`
  } catch (error) {
    const message = (error as Error).message.split('\n')[0]!
    if (message.includes('Pattern failed to parse')) return 'RE2 refuses the pattern'
    throw error
  }
}

function isSame(text: string | null | undefined, value: unknown): boolean {
  return Boolean(text) && (text === String(value) || Number(text) === value)
}
