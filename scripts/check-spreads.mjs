/** Holds that no call gets an array's items as its arguments: engines have a limit on them, which data passes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { root } from './build.mjs'

/** In the call's lines or the one before them: `// bounded: ` and what limits the array's length. */
const BOUNDED = /\/\/ bounded: \S/

/**
 * Lines with `f(...items)`, `new F(...items)`, `f.apply(…)` or `Reflect.apply(…)` where the length of the items is not
 * plain from the text: they are no literal array of single items, nor a rest parameter, which was arguments before.
 */
export function findSpreads(text, file = 'example.ts') {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lines = text.split('\n')
  const found = new Set()
  const lineOf = (place) => source.getLineAndCharacterOfPosition(place).line
  const visit = (node) => {
    const long = isCall(node)
      ? (node.arguments?.find(isLongSpread) ?? (isApply(node) && node.expression))
      : false
    if (long) {
      const near = lines.slice(Math.max(0, lineOf(node.getStart()) - 1), lineOf(long.getEnd()) + 1)
      if (!near.some((line) => BOUNDED.test(line))) found.add(lineOf(long.getEnd()) + 1)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...found]
}

function isCall(node) {
  return ts.isCallExpression(node) || ts.isNewExpression(node)
}

function isApply({ expression }) {
  return ts.isPropertyAccessExpression(expression) && expression.name.text === 'apply'
}

function isLongSpread(node) {
  return ts.isSpreadElement(node) && !isShort(node.expression)
}

function isShort(node) {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return isShort(node.expression)
  if (ts.isConditionalExpression(node)) return isShort(node.whenTrue) && isShort(node.whenFalse)
  if (ts.isArrayLiteralExpression(node))
    return node.elements.every((one) => !ts.isSpreadElement(one) || isShort(one.expression))
  return ts.isIdentifier(node) && isRestParameter(node)
}

function isRestParameter(name) {
  for (let scope = name.parent; scope; scope = scope.parent)
    for (const parameter of scope.parameters ?? [])
      if (ts.isIdentifier(parameter.name) && parameter.name.text === name.text)
        return parameter.dotDotDotToken !== undefined
  return false
}

function checkSources() {
  const files = readdirSync(join(root, 'src'), { recursive: true }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  const problems = files.flatMap((file) => {
    const path = join('src', file)
    return findSpreads(readFileSync(join(root, path), 'utf8'), path).map((line) => `${path}:${line}`)
  })
  for (const place of problems)
    console.error(
      `${place}: an array's items become arguments; use a loop, or say what limits them: // bounded: …`,
    )
  console.log(`spreads: ${files.length} files, ${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) checkSources()
