/** Prints a regex tree in the text that RE2 and java.util.regex read alike: no class, flag or dot is left. */
import { MAX_CODE_POINT, negateRanges, type Ranges, type RegexNode } from './regex-node.ts'

/** `names` keeps group names as `(?P<n>…)`, which RE2 reads and Java does not. */
export function printRegex(node: RegexNode, names: boolean): string {
  switch (node.kind) {
    case 'set':
      return printSet(node.ranges)
    case 'start':
      return '\\A'
    case 'end':
      return '\\z'
    case 'sequence':
      return node.parts.map((part) => printPart(part, names)).join('')
    case 'choice':
      return node.options.map((option) => printRegex(option, names)).join('|')
    case 'group':
      return `(${names && node.name ? `?P<${node.name}>` : ''}${printRegex(node.body, names)})`
    case 'repeat':
      return printAtom(node.body, names) + printTimes(node.least, node.most) + (node.lazy ? '?' : '')
  }
}

function printPart(node: RegexNode, names: boolean): string {
  const text = printRegex(node, names)
  return node.kind === 'choice' ? `(?:${text})` : text
}

function printAtom(node: RegexNode, names: boolean): string {
  const text = printRegex(node, names)
  return node.kind === 'set' || node.kind === 'group' ? text : `(?:${text})`
}

function printTimes(least: number, most: number): string {
  if (most === 1 && least === 0) return '?'
  if (most === Number.POSITIVE_INFINITY && least < 2) return least === 0 ? '*' : '+'
  if (most === least) return `{${least}}`
  return `{${least},${Number.isFinite(most) ? most : ''}}`
}

function printSet(ranges: Ranges): string {
  const only = ranges[0]
  if (!only) return `[^\\x00-\\x{${MAX_CODE_POINT.toString(16)}}]`
  if (ranges.length === 1 && only[0] === only[1]) return printCharacter(only[0])
  const isNegative = ranges.at(-1)![1] === MAX_CODE_POINT && only[0] === 0
  const printed = isNegative && ranges.length > 1 ? negateRanges(ranges) : ranges
  return `[${printed === ranges ? '' : '^'}${printed.map(printRange).join('')}]`
}

function printRange([low, high]: readonly [number, number]): string {
  if (low === high) return printCharacter(low)
  return `${printCharacter(low)}${high === low + 1 ? '' : '-'}${printCharacter(high)}`
}

/** Letters, digits, `_` and other harmless ASCII stand for themselves; the rest is escaped in a form both know. */
function printCharacter(code: number): string {
  const character = String.fromCodePoint(code)
  if (/[A-Za-z0-9_ "'/<>=,:;@%~`!]/.test(character)) return character
  if (code > 0x20 && code < 0x7f) return `\\${character}`
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\x{${code.toString(16)}}`
}
