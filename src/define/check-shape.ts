/** The structural check: reports everything of a wrong shape and returns what is left, for the later checks. */
import type { z } from 'zod'
import { closestName } from '../core/closest-name.ts'
import { type DefinitionText, definitionSchema, type Partly } from './definition-schema.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'
import { keysAt } from './schema-walk.ts'
import {
  describeIssue,
  describeName,
  describeUnknownKeys,
  isOwn,
  isOwnType,
  type ShapeProblem,
  valueAt,
} from './shape-problem.ts'

type Issue = z.core.$ZodIssue

/** Takes what is wrong out of `tree` itself. Undefined when nothing can be read: no mapping, or a newer version. */
export function checkShape(tree: unknown, problems: DiagnosticList): Partly<DefinitionText> | undefined {
  const version = versionProblem(tree)
  if (version) report([version], problems)
  if (version?.code === 'DEFINE_NEWER_VERSION') return undefined
  const dangerous = dangerousPaths(tree)
  report(dangerous.map(describeName), problems)
  for (const path of dangerous) removeAt(tree, path)
  const issues = issuesOf(tree, problems)
  report(
    issues.flatMap((issue) => describeIssue(issue, tree)),
    problems,
  )
  if (!isRecord(tree)) return undefined
  for (const path of issues.flatMap(faultyPaths)) removeAt(tree, path)
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
  const [fitting = []] = [isOwn, isOwnType]
    .map((isOther) => issue.errors.filter((branch) => !branch.some(isOther)))
    .filter((branches) => branches.length > 0)
  const chosen = fitting.length > 0 ? fitting.reduce((a, b) => (b.length < a.length ? b : a)) : undefined
  if (!chosen) return [issue]
  return chosen.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue))
}

interface Rename {
  readonly parent: Path
  readonly written: string
  readonly meant: string
}

/**
 * What is wrong, once keys and names that are told from what was meant have been reported and put right in `tree`: what
 * stands below them is then checked too, and nothing else is missing for want of them.
 */
function issuesOf(tree: unknown, problems: DiagnosticList): Issue[] {
  for (;;) {
    const issues = definitionSchema.safeParse(tree).error?.issues.flatMap(flatten) ?? []
    const renames = issues.flatMap(renamesOf).filter((rename) => isFree(tree, rename))
    if (renames.length === 0) return issues
    for (const { parent, written, meant } of renames) {
      if (!isFree(tree, { parent, written, meant })) continue
      const isName = isNamed(parent)
      report(isName ? [describeName([...parent, written])] : describeUnknownKeys(parent, [written]), problems)
      const mapping = valueAt(tree, parent) as Record<string, unknown>
      mapping[meant] = mapping[written]
      delete mapping[written]
      problems.standIn([...parent, meant], written)
    }
  }
}

/** Sources, metrics and their columns, which have names of their own; a field's name is a place in the line too. */
const isNamed = (parent: Path): boolean =>
  parent.length === 1 || (parent.length === 3 && parent[0] === 'metrics')

function renamesOf(issue: Issue): Rename[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path)
    return issue.keys.flatMap((written) => {
      const meant = closestName(written, known)
      return meant === undefined ? [] : [{ parent: path, written, meant }]
    })
  }
  const [parent, written] = [path.slice(0, -1), String(path.at(-1))]
  if (issue.code !== 'invalid_key' || !isNamed(parent)) return []
  const meant = `_${written.replace(/[^A-Za-z0-9_]+/g, '_')}`.replace(/^_(?=[A-Za-z])/, '').slice(0, 60)
  return [{ parent, written, meant }]
}

function isFree(tree: unknown, { parent, written, meant }: Rename): boolean {
  const mapping = valueAt(tree, parent)
  return isRecord(mapping) && Object.hasOwn(mapping, written) && !Object.hasOwn(mapping, meant)
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
  // A name that others may use stays known.
  else if (isRecord(parent) && path.length === 4 && key !== '__proto__') parent[key] = undefined
  else if (isRecord(parent)) delete parent[key]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
