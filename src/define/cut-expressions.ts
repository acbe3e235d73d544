/** Expressions with commas that stand in a flow mapping without quotes: YAML ends each at its first comma. */
import { type Document, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'

export interface CutExpression {
  /** As it was meant. */
  readonly expression: string
  /** Offsets in the text. */
  readonly start: number
  readonly end: number
}

/** Puts the pieces together again, in `document` itself, so that everything else can be checked. */
export function joinCutExpressions(document: Document.Parsed, text: string): CutExpression[] {
  return visit(document.contents, text)
}

function visit(node: unknown, text: string): CutExpression[] {
  if (isSeq(node)) return node.items.flatMap((item) => visit(item, text))
  if (!isMap(node)) return []
  const found = node.flow ? joinIn(node, text) : []
  return [...found, ...node.items.flatMap((item) => (isPair(item) ? visit(item.value, text) : []))]
}

function joinIn(map: YAMLMap, text: string): CutExpression[] {
  const found: CutExpression[] = []
  for (const { value } of [...map.items] as Pair[]) {
    if (!isScalar(value) || value.type !== 'PLAIN' || !value.range) continue
    const [start, cut] = value.range
    if (!isOpen(text.slice(start, cut))) continue
    const end = endOf(text, start)
    if (end === undefined || end <= cut) continue
    const expression = text.slice(start, end).trimEnd()
    value.value = expression
    value.source = expression
    value.range = [start, start + expression.length, end]
    map.items = (map.items as Pair[]).filter(({ key }) => {
      const at = (key as Node | null)?.range?.[0] ?? -1
      return at <= start || at >= end
    })
    found.push({ expression, start, end: start + expression.length })
  }
  return found
}

function isOpen(piece: string): boolean {
  return depthOf(piece) > 0
}

/** Parentheses that are open at the end, those in texts apart. */
function depthOf(piece: string): number {
  const bare = piece.replace(/'[^']*'|"[^"]*"/g, '')
  return bare.split('(').length - bare.split(')').length
}

/** Where the value ends if commas within parentheses and quotes do not end it; undefined if the line ends first. */
function endOf(text: string, start: number): number | undefined {
  let [depth, quote] = [0, '']
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (character === '\n') return undefined
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === "'" || character === '"') quote = character
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (depth <= 0 && (character === ',' || character === '}')) return depth === 0 ? at : undefined
  }
  return undefined
}
