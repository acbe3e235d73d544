/** Parses the accepted part of RE2's syntax; flags and classes are resolved while reading. */
import { appendAll } from '../core/append-all.ts'
import { CLASS_ESCAPES, CONTROL_ESCAPES, POSIX_CLASSES, REFUSED_ESCAPES } from './regex-class.ts'
import {
  foldRanges,
  leastLength,
  MAX_CODE_POINT,
  mergeRanges,
  negateRanges,
  type Ranges,
  type RegexNode,
} from './regex-node.ts'

/** What is wrong and where; thrown by the parser, caught by checkRegex. */
export class RegexFault extends Error {
  readonly start: number
  readonly end: number
  readonly hint: string | undefined

  constructor(message: string, start: number, end: number, hint?: string) {
    super(message)
    this.start = start
    this.end = end
    this.hint = hint
  }
}

/** RE2's own limit for one repeat and for repeats inside one another. */
const MAX_REPEAT = 1000
const MAX_NESTING = 50

interface Flags {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
}

export class RegexParser {
  readonly groupNames: string[] = []
  readonly #pattern: string
  #at = 0
  #depth = 0
  #flags: Flags = { ignoreCase: false, dotAll: false }

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  parseAll(): RegexNode {
    const lone = /\p{Surrogate}|\0/u.exec(this.#pattern)
    if (lone) throw new RegexFault('it holds U+0000 or half of a surrogate pair', lone.index, lone.index + 1)
    const tree = this.#choice()
    if (this.#at < this.#pattern.length) this.#fail('this ) closes nothing', this.#at, this.#at + 1)
    this.#checkRepeats(tree, MAX_REPEAT)
    return tree
  }

  #fail(message: string, start: number, end = this.#at, hint?: string): never {
    throw new RegexFault(message, start, Math.max(end, start + 1), hint)
  }

  #peek(text: string): boolean {
    return this.#pattern.startsWith(text, this.#at)
  }

  #accept(text: string): boolean {
    const found = this.#peek(text)
    if (found) this.#at += text.length
    return found
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#pattern)
    if (match) this.#at += match[0].length
    return match ?? undefined
  }

  #choice(): RegexNode {
    const options = [this.#sequence()]
    while (this.#accept('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { kind: 'choice', options }
  }

  #sequence(): RegexNode {
    const parts: { node: RegexNode; start: number }[] = []
    while (this.#at < this.#pattern.length && !this.#peek('|') && !this.#peek(')')) {
      const start = this.#at
      const atom = this.#atom()
      if (!atom) continue
      const node = this.#repeats(atom)
      for (const each of node.kind === 'sequence' ? node.parts : [node]) parts.push({ node: each, start })
    }
    this.#checkAnchors(parts)
    const nodes = orderAnchors(parts.map((part) => part.node))
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', parts: nodes }
  }

  /** What can never match is a slip, and an engine that rewrites simple patterns may misread it. */
  #checkAnchors(parts: readonly { node: RegexNode; start: number }[]): void {
    const takesText = parts.map(({ node }) => leastLength(node) > 0)
    parts.forEach(({ node, start }, index) => {
      if (node.kind === 'start' && takesText.slice(0, index).includes(true))
        this.#fail('nothing can come before the start of the text', start, start + 1)
      if (node.kind === 'end' && takesText.slice(index + 1).includes(true))
        this.#fail('nothing can come after the end of the text', start, start + 1)
    })
  }

  /** Undefined for a group that only sets flags. */
  #atom(): RegexNode | undefined {
    const start = this.#at
    if (this.#accept('(')) return this.#group(start)
    if (this.#accept('[')) return set(this.#class(start))
    if (this.#accept('.')) return set(this.#flags.dotAll ? negateRanges([]) : negateRanges([[10, 10]]))
    if (this.#accept('^')) return { kind: 'start' }
    if (this.#accept('$')) return { kind: 'end' }
    if (this.#match(/[*+?]|\{\d+(?:,\d*)?\}/y)) this.#fail('there is nothing before this to repeat', start)
    if (this.#accept('\\')) return this.#escape(start)
    return set(this.#fold(single(this.#character())))
  }

  #character(): number {
    const code = this.#pattern.codePointAt(this.#at)!
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #fold(ranges: Ranges): Ranges {
    return this.#flags.ignoreCase ? foldRanges(ranges) : ranges
  }

  #escape(start: number): RegexNode {
    if (this.#accept('A')) return { kind: 'start' }
    if (this.#accept('z')) return { kind: 'end' }
    return set(this.#fold(this.#escapedSet(start)))
  }

  /** The set an escape stands for, inside or outside brackets; the backslash has been read. */
  #escapedSet(start: number): Ranges {
    if (this.#at >= this.#pattern.length) this.#fail('it ends in a single \\', start)
    const hex = this.#match(/x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/y)
    if (hex) return single(this.#codePoint(Number.parseInt(hex[1] ?? hex[2]!, 16), start))
    const code = this.#character()
    const letter = String.fromCodePoint(code)
    const known = CLASS_ESCAPES.get(letter)
    if (known) return known
    const control = CONTROL_ESCAPES.get(letter)
    if (control !== undefined) return single(control)
    if (/[1-9]/.test(letter)) this.#fail('backreferences are not part of the language', start)
    if (/[A-Za-z0-9]/.test(letter) || code > 0x7f)
      this.#fail(REFUSED_ESCAPES.get(letter) ?? `there is no escape \\${letter}`, start)
    return single(code)
  }

  #codePoint(code: number, start: number): number {
    if (code > MAX_CODE_POINT || (code >= 0xd800 && code <= 0xdfff))
      this.#fail('this is not the code of a character', start)
    return code
  }

  #class(start: number): Ranges {
    const negated = this.#accept('^')
    const ranges: (readonly [number, number])[] = []
    for (let first = true; first || !this.#peek(']'); first = false) {
      if (this.#at >= this.#pattern.length) this.#fail('this [ is never closed', start, start + 1)
      appendAll(ranges, this.#classItem())
    }
    this.#at++
    const folded = this.#fold(mergeRanges(ranges))
    return negated ? negateRanges(folded) : folded
  }

  #classItem(): Ranges {
    const start = this.#at
    const posix = this.#match(/\[:(\^?)([A-Za-z]*):\]/y)
    if (posix) return this.#posix(posix[1] === '^', posix[2]!, start)
    if (this.#peek('[') || this.#peek('&&'))
      this.#fail(`write \\${this.#pattern[start]} for itself in brackets`, start, start + 1)
    const low = this.#classPart(start)
    const isRange =
      this.#peek('-') && this.#pattern[this.#at + 1] !== ']' && this.#at + 1 < this.#pattern.length
    if (!isRange) return low
    this.#at++
    const high = this.#classPart(this.#at)
    const [from, to] = [low[0]![0], high[0]![1]]
    const isPlain = [low, high].every((part) => part.length === 1 && part[0]![0] === part[0]![1])
    if (!isPlain || from > to) this.#fail('this range in brackets does not ascend', start)
    return [[from, to]]
  }

  #classPart(start: number): Ranges {
    return this.#accept('\\') ? this.#escapedSet(start) : single(this.#character())
  }

  #posix(negated: boolean, name: string, start: number): Ranges {
    const ranges = POSIX_CLASSES.get(name)
    if (!ranges) return this.#fail(`there is no class [:${name}:]`, start)
    return negated ? negateRanges(ranges) : ranges
  }

  #group(start: number): RegexNode | undefined {
    if (++this.#depth > MAX_NESTING) this.#fail(`groups are nested more than ${MAX_NESTING} deep`, start)
    const outer = this.#flags
    const head = this.#groupHead(start)
    if (head === 'flags') {
      this.#depth--
      return undefined
    }
    const body = this.#choice()
    if (!this.#accept(')')) this.#fail('this ( is never closed', start, start + 1)
    this.#flags = outer
    this.#depth--
    return head ? { kind: 'group', ...head, body } : body
  }

  /** What kind of group was opened: a capturing one, one that only sets flags, or (undefined) a plain one. */
  #groupHead(start: number): { number: number; name: string } | 'flags' | undefined {
    if (!this.#accept('?')) return this.#capture('', start)
    const named = this.#match(/P?<([A-Za-z_][A-Za-z0-9_]*)>/y)
    if (named) return this.#capture(named[1]!, start)
    if (this.#match(/<?[=!]/y)) this.#fail('lookaround is not part of the language', start)
    if (this.#accept('>')) this.#fail('atomic groups are not part of the language', start)
    if (this.#match(/P?</y)) this.#fail('a group name is made of letters, digits and _', start)
    const flags = this.#match(/([A-Za-z]*)(?:-([A-Za-z]+))?([:)])/y)
    if (!flags) return this.#fail('this kind of group is not part of the language', start, this.#at + 1)
    this.#setFlags(flags[1]!, flags[2] ?? '', start)
    return flags[3] === ')' ? 'flags' : undefined
  }

  #capture(name: string, start: number): { number: number; name: string } {
    if (name !== '' && this.groupNames.includes(name)) this.#fail(`two groups are called ${name}`, start)
    return { number: this.groupNames.push(name), name }
  }

  #setFlags(on: string, off: string, start: number): void {
    for (const flag of on + off) {
      if (flag === 'm')
        this.#fail('the flag m is not part of the language: a line has no other lines in it', start)
      if (flag !== 'i' && flag !== 's') this.#fail(`the flag ${flag} is not part of the language`, start)
    }
    const read = (flag: string, now: boolean) => (off.includes(flag) ? false : on.includes(flag) || now)
    this.#flags = {
      ignoreCase: read('i', this.#flags.ignoreCase),
      dotAll: read('s', this.#flags.dotAll),
    }
  }

  #repeats(atom: RegexNode): RegexNode {
    const start = this.#at
    const operator = this.#match(/[*+?]|\{(\d+)(,(\d*))?\}/y)
    if (!operator) return atom
    const { least, most } = bounds(operator)
    const end = this.#at
    const lazy = this.#accept('?')
    if (least > MAX_REPEAT || (Number.isFinite(most) && most > MAX_REPEAT))
      this.#fail(`a repeat may count to ${MAX_REPEAT} at most`, start)
    if (least > most) this.#fail('the bounds of this repeat do not ascend', start)
    if (this.#peek('+')) this.#fail('possessive repeats are not part of the language', start, this.#at + 1)
    if (this.#match(/[*?]|\{\d+(?:,\d*)?\}/y))
      this.#fail('a repeat of a repeat needs a group', start, this.#at, 'Write (?:…) around the first.')
    if (most > 1 && leastLength(atom) === 0)
      this.#fail('what is repeated may be empty, and engines differ on that', start, end)
    return { kind: 'repeat', body: atom, least, most, lazy }
  }

  /** Repeats inside one another multiply; RE2 refuses a product above its limit. */
  #checkRepeats(node: RegexNode, budget: number): void {
    if (node.kind === 'repeat') {
      const times = Number.isFinite(node.most) ? node.most : node.least
      const left = times > 0 ? Math.floor(budget / times) : budget
      if (left === 0) this.#fail(`repeats inside one another count to more than ${MAX_REPEAT}`, 0)
      this.#checkRepeats(node.body, left)
    } else if (node.kind === 'sequence') for (const part of node.parts) this.#checkRepeats(part, budget)
    else if (node.kind === 'choice') for (const option of node.options) this.#checkRepeats(option, budget)
    else if (node.kind === 'group') this.#checkRepeats(node.body, budget)
  }
}

/** Anchors side by side hold together in any order and number: at most one of each is kept, the start first. */
function orderAnchors(parts: readonly RegexNode[]): RegexNode[] {
  const ordered: RegexNode[] = []
  let run: RegexNode['kind'][] = []
  const flush = () => {
    for (const kind of ['start', 'end'] as const) if (run.includes(kind)) ordered.push({ kind })
    run = []
  }
  for (const part of parts) {
    if (part.kind === 'start' || part.kind === 'end') run.push(part.kind)
    else {
      flush()
      ordered.push(part)
    }
  }
  flush()
  return ordered
}

function bounds([text, least, comma, most]: RegExpExecArray): { least: number; most: number } {
  if (text === '*') return { least: 0, most: Number.POSITIVE_INFINITY }
  if (text === '+') return { least: 1, most: Number.POSITIVE_INFINITY }
  if (text === '?') return { least: 0, most: 1 }
  const low = Number(least)
  if (comma === undefined) return { least: low, most: low }
  return { least: low, most: most ? Number(most) : Number.POSITIVE_INFINITY }
}

function single(code: number): Ranges {
  return [[code, code]]
}

function set(ranges: Ranges): RegexNode {
  return { kind: 'set', ranges }
}
