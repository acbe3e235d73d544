/** Random regular expressions over few letters: Java's search, with repeats that never give back, finds what RE2 finds. */
import { javaRegex } from '../../src/compile/java-regex.ts'
import { checkRegex } from '../../src/expression/regex.ts'
import { Random } from '../model/random.ts'
import { type Probe, planData } from './dialect-probe.ts'

const ATOMS = ['a', 'b', 'c', '.', '[ab]', '[^a]', '[^b]', '"', 'é', '😀', '\\s', '(?i:A)']
const REPEATS = ['*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?', '??']
const LETTERS = ['a', 'b', 'c', 'A', '"', '""', ' ', 'é', '😀', '\n', 'ab', 'aab']

function randomRegex(random: Random, depth: number): string {
  const parts = Array.from({ length: random.int(1, 3) }, () => {
    const atom = depth > 0 && random.chance(0.5) ? randomGroup(random, depth - 1) : random.pick(ATOMS)
    return random.chance(0.5) ? `${atom}${random.pick(REPEATS)}` : atom
  })
  return parts.join('')
}

function randomGroup(random: Random, depth: number): string {
  const options = Array.from({ length: random.int(1, 3) }, () => randomRegex(random, depth))
  return `${random.pick(['(', '(?:', '('])}${options.join('|')})`
}

/** Patterns that the language takes and Java can run; with and without anchors. */
function regexes(count: number): string[] {
  const random = new Random(11)
  const found: string[] = []
  while (found.length < count) {
    const body = randomRegex(random, 3)
    const regex = `${random.pick(['', '^', ''])}(?:${body})${random.pick(['', '$', 'b', ''])}`
    if (checkRegex(regex).problems.length === 0 && canRun(regex)) found.push(regex)
  }
  return found
}

function canRun(regex: string): boolean {
  try {
    javaRegex(regex)
    return regex.length < 120
  } catch {
    return false
  }
}

function probe(patterns: readonly string[], index: number): Probe {
  const random = new Random(100 + index)
  const metrics = patterns.map((pattern, n) => {
    const groups = Math.min(9, checkRegex(pattern).groupNames.length)
    const text = `regexp_extract(s, '${pattern.replaceAll("'", "''")}', ${random.int(0, groups)})`.replace(
      ', 0)',
      ')',
    )
    return [`m${n}`, { source: 'src', window: '1d', dimensions: { v: text }, measures: { n: 'count()' } }]
  })
  const lines = Array.from({ length: 60 }, () => {
    const s = Array.from({ length: random.int(0, 8) }, () => random.pick(LETTERS)).join('')
    return Buffer.from(JSON.stringify({ ts: '2024-01-01T00:00:00Z', s }))
  })
  const source = { format: 'json', time: 'ts', fields: { s: 'string' } }
  return {
    name: `regexes ${index}`,
    plan: planData({ sources: { src: source }, metrics: Object.fromEntries(metrics) }),
    lines,
  }
}

const ALL = regexes(200)

export const REGEX_PROBES: readonly Probe[] = Array.from({ length: 5 }, (_, index) =>
  probe(ALL.slice(index * 40, index * 40 + 40), index),
)
