/** The structural check: reports everything of a wrong shape and returns what is left, for the later checks. */
import type { z } from 'zod'
import { closestName } from '../core/closest-name.ts'
import { type DefinitionText, definitionSchema, type Partly } from './definition-schema.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'
import { keysAt } from './schema-walk.ts'
import { describeIssue, describeName, isOwnType, type ShapeProblem, valueAt } from './shape-problem.ts'

type Issue = z.core.$ZodIssue

/** Takes what is wrong out of `tree` itself. Undefined when nothing can be read: no mapping, or a newer version. */
export function checkShape(tree: unknown, problems: DiagnosticList): Partly<DefinitionText> | undefined {
  const version = versionProblem(tree)
  if (version) report([version], problems)
  if (version?.code === 'DEFINE_NEWER_VERSION') return undefined
  const dangerous = dangerousPaths(tree)
  const issues = definitionSchema.safeParse(tree).error?.issues.flatMap(flatten) ?? []
  const misspelt = new Set(issues.flatMap(misspeltPaths))
  const told = issues.filter((issue) => !misspelt.has(issue.path.join('.')))
  report([...dangerous.map(describeName), ...told.flatMap((issue) => describeIssue(issue, tree))], problems)
  if (!isRecord(tree)) return undefined
  for (const path of [...dangerous, ...issues.flatMap(faultyPaths)]) removeAt(tree, path)
  return tree as Partly<DefinitionText>
}

function report(found: readonly ShapeProblem[], problems: DiagnosticList): void {
  for (const { code, path, params, ...more } of found) problems.add(code, path, params, more)
}

/** A newer version is the one thing worth saying: its keys are unknown for good reason. */
function versionProblem(tree: unknown): ShapeProblem | undefined {
  const version = isRecord(tree) ? tree.version : undefined
  if (typeof version !== 'number' || version === 1) return undefined
  const params = { version, key: 'version', given: version, expected: '1' }
  return version > 1
    ? { code: 'DEFINE_NEWER_VERSION', path: ['version'], params, hint: 'Update the package millrace.' }
    : { code: 'DEFINE_BAD_VALUE', path: ['version'], params, hint: 'Write version: 1' }
}

/** A union's issue becomes those of the branch that the author meant: the one whose own type fits. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const fitting = issue.errors.filter((branch) => !branch.some(isOwnType))
  const chosen = fitting.length > 0 ? fitting.reduce((a, b) => (b.length < a.length ? b : a)) : undefined
  if (!chosen) return [issue]
  return chosen.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue))
}

/** Where a key is missing only because it was misspelt, one report is enough. */
function misspeltPaths(issue: Issue): string[] {
  if (issue.code !== 'unrecognized_keys') return []
  const known = keysAt(issue.path as Path)
  return issue.keys
    .flatMap((key) => closestName(key, known) ?? [])
    .map((key) => [...issue.path, key].join('.'))
}

/** zod passes over a key `__proto__` in silence. */
function dangerousPaths(tree: unknown, path: Path = [], seen = new Set<object>()): Path[] {
  if (typeof tree !== 'object' || tree === null || seen.has(tree)) return []
  seen.add(tree)
  return Object.entries(tree).flatMap(([key, value]) =>
    key === '__proto__' ? [[...path, key]] : dangerousPaths(value, [...path, key], seen),
  )
}

function faultyPaths(issue: Issue): Path[] {
  const path = issue.path as Path
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
}

function removeAt(tree: unknown, path: Path): void {
  const parent = valueAt(tree, path.slice(0, -1))
  const key = String(path.at(-1))
  if (Array.isArray(parent)) parent[Number(key)] = ''
  else if (isRecord(parent)) delete parent[key]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
