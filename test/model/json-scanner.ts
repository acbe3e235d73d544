/** A strict RFC 8259 scanner that keeps number tokens as text; of duplicate keys the first wins. */

export type Json =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly token: string }
  /** NaN, Infinity or -Infinity: no JSON, but only an error of the field that holds it. */
  | { readonly kind: 'nonfinite' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'array' }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Json> }

export class InvalidJson extends Error {}

const SPACE = /[ \t\r\n]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const NONFINITE = /NaN|-?Infinity/y
const WORD = /true|false|null/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON forbids
const PLAIN = /[^"\\\u0000-\u001f]+/y
const SIMPLE_ESCAPES = new Map([...'"\\/'].map((c) => [c, c]))
for (const [letter, value] of Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }))
  SIMPLE_ESCAPES.set(letter, value)

/** Throws InvalidJson. */
export function scanJson(text: string): Json {
  const scanner = new Scanner(text)
  const value = scanner.value()
  scanner.end()
  return value
}

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#take(SPACE)
  }

  value(): Json {
    const next = this.#text[this.#at]
    if (next === '{') return this.#object()
    if (next === '[') return this.#array()
    if (next === '"') return { kind: 'string', text: this.#string() }
    if (this.#take(NONFINITE)) return { kind: 'nonfinite' }
    const word = this.#take(WORD)
    if (word) return word === 'null' ? { kind: 'null' } : { kind: 'boolean', value: word === 'true' }
    const token = this.#take(NUMBER)
    return token ? { kind: 'number', token } : this.#fail()
  }

  end(): void {
    this.#take(SPACE)
    if (this.#at < this.#text.length) this.#fail()
  }

  #fail(): never {
    throw new InvalidJson(`at ${this.#at}`)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  /** The character, with the space around it. */
  #accept(character: string): boolean {
    this.#take(SPACE)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    this.#take(SPACE)
    return true
  }

  #object(): Json {
    const members = new Map<string, Json>()
    this.#accept('{')
    if (this.#accept('}')) return { kind: 'object', members }
    do {
      if (this.#text[this.#at] !== '"') this.#fail()
      const key = this.#string()
      if (!this.#accept(':')) this.#fail()
      const value = this.value()
      if (!members.has(key)) members.set(key, value)
    } while (this.#accept(','))
    return this.#accept('}') ? { kind: 'object', members } : this.#fail()
  }

  #array(): Json {
    this.#accept('[')
    if (this.#accept(']')) return { kind: 'array' }
    do this.value()
    while (this.#accept(','))
    return this.#accept(']') ? { kind: 'array' } : this.#fail()
  }

  #string(): string {
    let out = ''
    this.#at++
    for (;;) {
      out += this.#take(PLAIN)
      const next = this.#text[this.#at]
      this.#at++
      if (next === '"') break
      out += next === '\\' ? this.#escape() : this.#fail()
    }
    if (/\p{Surrogate}/u.test(out) || out.includes('\0')) this.#fail()
    return out
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? ''
    this.#at++
    const simple = SIMPLE_ESCAPES.get(letter)
    if (simple !== undefined) return simple
    const hex = /^[0-9a-fA-F]{4}/.exec(this.#text.slice(this.#at, this.#at + 4))?.[0]
    if (letter !== 'u' || !hex) return this.#fail()
    this.#at += 4
    return String.fromCharCode(Number.parseInt(hex, 16))
  }
}
