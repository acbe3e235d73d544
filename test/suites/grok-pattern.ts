/** Grok patterns written out as one regular expression with numbered names. */

export interface GrokRegex {
  readonly regex: string
  /** The same for JavaScript, look-arounds and all, unanchored; undefined where it has no such syntax. */
  readonly oracle: RegExp | undefined
  /** Group → field, in order; a field may have several groups. */
  readonly fields: readonly (readonly [string, string])[]
}

const REFERENCE = /%\{(\w+)(?::([^}:]+))?(?::\w+)?\}/g
const LOOK_AROUND = /\(\?<?[!=](?:\[[^\]]*\]|\\.|[^()[\]\\])*\)/g

export function readPatterns(texts: readonly string[]): Map<string, string> {
  const lines = texts.flatMap((text) => text.split('\n'))
  const named = lines.map((line) => /^(\w+) +(.+?)\s*$/.exec(line))
  return new Map(named.flatMap((match) => (match ? [[match[1]!, match[2]!] as const] : [])))
}

/**
 * The pattern somewhere in the line. Atomic groups become plain ones and look-arounds are dropped, since RE2
 * has neither: what remains matches at least as much.
 */
export function expandGrok(patterns: ReadonlyMap<string, string>, name: string): GrokRegex {
  const fields: [string, string][] = []
  const group = (field: string, body: string) => {
    const id = `g${fields.length}`
    fields.push([id, field])
    return `(?P<${id}>${body})`
  }
  const expand = (text: string): string =>
    text.replace(REFERENCE, (_, inner: string, field: string | undefined) => {
      const body = patterns.get(inner)
      if (body === undefined) throw new Error(`there is no pattern ${inner}`)
      const placed = field === undefined ? '' : group(field, '\0')
      const expanded = expand(body)
      return placed ? placed.replace('\0', () => expanded) : `(?:${expanded})`
    })
  const named = (text: string) =>
    text.replace(/\(\?<(\w+)>/g, (_, field: string) => group(field, '').slice(0, -1))
  const whole = named(expand(`%{${name}}`))
    .replaceAll('(?>', '(?:')
    // A class within a class.
    .replaceAll('[[[:alnum:]]', '[[:alnum:]')
    .replace(/([*+?}])\+/g, '$1')
  const oracle = javascriptRegex(whole.replaceAll('(?P<', '(?<').replaceAll('[:alnum:]', 'A-Za-z0-9'))
  return { regex: `(?P<none>)(?s:.*?)(?:${whole.replace(LOOK_AROUND, '')})(?s:.*)`, oracle, fields }
}

function javascriptRegex(text: string): RegExp | undefined {
  try {
    return new RegExp(text)
  } catch {
    return undefined
  }
}
