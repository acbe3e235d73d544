/** The decoding vectors of go-logfmt and kr/logfmt. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLines } from '../formats/parse-lines.ts'
import { type Outcome, reportOutcomes, suiteFolder } from './vectors.ts'

const folder = suiteFolder('logfmt')
type Pairs = [string, string | null][]
interface GoVector {
  readonly line: number
  readonly test: string
  readonly case: {
    readonly data: string | { readonly args: [string, string] }
    readonly want: Pairs[] | { readonly Line: string; readonly Msg: string } | null
  }
}

/** The pairs of one line, or undefined when it was rejected. The first of equal keys counts, as for the norm here. */
async function readPairs(line: string, keys: readonly string[]): Promise<Pairs | undefined> {
  const fields = Object.fromEntries(keys.map((key, i) => [`f${i}`, ['string', key] as const]))
  const [parsed] = await parseLines({ format: { kind: 'logfmt' }, fields, time: ['no such key'] }, [line])
  if (parsed!.reason !== 'missing_time') return undefined
  return keys.map((key, i) => [key, parsed!.fields[`f${i}`] ?? null])
}

async function meets(line: string, want: Pairs): Promise<boolean> {
  const firsts = new Map([...want].reverse().map(([key, value]) => [key, value ?? '']))
  const keys = [...firsts.keys()]
  return JSON.stringify(await readPairs(line, keys)) === JSON.stringify([...firsts])
}

function read<T>(name: string): T[] {
  return folder ? (JSON.parse(readFileSync(join(folder, name), 'utf8')) as T[]) : []
}

/** Our lines never hold line ends, so a vector of several lines is as many vectors. */
function goLines({ case: { data } }: GoVector): string[] {
  const text = typeof data === 'string' ? data : data.args[0].repeat(Number(data.args[1]))
  return text.split('\n')
}

describe.skipIf(!folder)(`logfmt${folder ? '' : ' (SKIPPED: vectors absent)'}`, () => {
  it('decodes the vectors of go-logfmt', async () => {
    const vectors = read<GoVector>('go-logfmt_decode_test.json').filter(
      ({ test }) => test !== 'TestDecoder_decode_encode',
    )
    const outcomes: Outcome[] = []
    for (const vector of vectors) {
      const { want } = vector.case
      const lines = goLines(vector)
      const name = `go-logfmt line ${vector.line}`
      if (want !== null && !Array.isArray(want)) {
        const bad = lines[Number(want.Line) - 1]!
        const isKey = want.Msg === 'invalid key'
        const why = isKey
          ? 'U+FFFD is text like any other here; bytes that are no UTF-8 are rejected'
          : 'taken'
        outcomes.push({ vector: name, reason: (await readPairs(bad, [])) === undefined ? undefined : why })
        continue
      }
      for (const [i, line] of lines.entries()) {
        const wanted = want?.[i] ?? []
        const isEmpty = line.length === 0 && wanted.length === 0
        outcomes.push({
          vector: `${name}.${i}`,
          reason: isEmpty || (await meets(line, wanted)) ? undefined : 'differs',
        })
      }
    }
    const { passed, other } = reportOutcomes('go-logfmt', outcomes)
    expect([passed, other.length]).toEqual([outcomes.length - 2, 2])
    expect(other.every((text) => text.includes('U+FFFD'))).toBe(true)
  })

  it('decodes the vectors of kr/logfmt', async () => {
    const vectors = read<{ line: number; case: [string, Pairs] }>('kr_scanner_test.json')
    const outcomes: Outcome[] = []
    for (const { line, case: vector } of vectors)
      outcomes.push({ vector: `kr line ${line}`, reason: (await meets(...vector)) ? undefined : 'differs' })
    expect(reportOutcomes('kr/logfmt', outcomes)).toEqual({ passed: 3, other: [] })
  })
})
