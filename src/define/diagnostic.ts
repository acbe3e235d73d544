/** What a check of a definition reports: one problem, with its place and what to do. */
import { fillText } from '../core/error.ts'
import { DIAGNOSTIC_TABLE, type DiagnosticCode } from './diagnostic-table.ts'

/** Keys from the top of the definition to a value: `['metrics', 'http.requests', 'where']`. */
export type Path = readonly (string | number)[]

/**
 * `line` and `column` (1-based, columns in UTF-16 units, the end exclusive) are absent when the definition was
 * made by a module, which has no text; `path` then says where the fault is.
 */
export interface Diagnostic {
  /** A code of docs/definitions.md or, for a fault inside an expression, of docs/expressions.md. */
  readonly code: string
  readonly message: string
  readonly file: string
  /** The keys joined by dots: `metrics.http.requests.where`. */
  readonly path: string
  readonly line?: number
  readonly column?: number
  readonly endLine?: number
  readonly endColumn?: number
  readonly hint?: string
}

export interface Place {
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** What a diagnostic points at: a key, its value, or a stretch of the value's text (offsets in UTF-16 units). */
export type Target = 'key' | 'value' | { readonly start: number; readonly end: number }

/** Finds where a path stands in the text that the definition came from; undefined when there is no text. */
export type Locate = (path: Path, target: Target) => Place | undefined

export type Params = Readonly<Record<string, string | number>>

/** Collects the problems of one file. */
export class DiagnosticList {
  readonly #file: string
  readonly #locate: Locate
  readonly #found = new Map<string, Diagnostic>()
  /** Path of a key that stands in for the one that was written → that one. */
  readonly #written = new Map<string, string>()

  constructor(file: string, locate: Locate) {
    this.#file = file
    this.#locate = locate
  }

  /** From now on the path means the key `written` in its place, which was reported already. */
  standIn(path: Path, written: string): void {
    this.#written.set(JSON.stringify(path), written)
  }

  /** The key below a path that stands in for the one that was written. */
  standInFor(parent: Path, written: string): string | undefined {
    const found = [...this.#written].find(
      ([path, key]) =>
        key === written && JSON.stringify((JSON.parse(path) as Path).slice(0, -1)) === JSON.stringify(parent),
    )
    return found && String((JSON.parse(found[0]) as Path).at(-1))
  }

  #asWritten(path: Path): Path {
    return path.map((key, index) => this.#written.get(JSON.stringify(path.slice(0, index + 1))) ?? key)
  }

  add(code: DiagnosticCode, path: Path, params: Params, more: { target?: Target; hint?: string } = {}): void {
    this.addText(
      { code, message: fillText(DIAGNOSTIC_TABLE[code], params), hint: more.hint },
      path,
      more.target,
    )
  }

  /** Adds a problem whose text was made elsewhere, by the expression checker or the YAML parser. */
  addText(
    problem: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
    path: Path,
    target: Target = 'value',
  ): void {
    this.addAt(problem, path, this.#locate(this.#asWritten(path), target))
  }

  addAt(
    problem: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
    path: Path,
    place: Place | undefined,
  ): void {
    const { code, hint } = problem
    const written = this.#asWritten(path)
    const message = problem.message
      .replace(path.join('.'), written.join('.'))
      .replace(path.slice(0, -1).join('.'), written.slice(0, -1).join('.'))
    const diagnostic = {
      ...{ code, message, file: this.#file, path: written.join('.') },
      ...place,
      ...(hint === undefined ? {} : { hint }),
    }
    // An alias can lead to the same text twice; it is one problem.
    const bare = message.replaceAll(diagnostic.path, '').replaceAll(path.slice(0, -1).join('.'), '')
    const key = place
      ? `${code}\n${bare}\n${place.line}:${place.column}`
      : `${code}\n${message}\n${diagnostic.path}`
    if (!this.#found.has(key)) this.#found.set(key, diagnostic)
  }

  /** Whether something was reported at the path itself. */
  hasAt(path: Path): boolean {
    const text = this.#asWritten(path).join('.')
    return [...this.#found.values()].some((diagnostic) => diagnostic.path === text)
  }

  get isEmpty(): boolean {
    return this.#found.size === 0
  }

  /** In the order of the text. */
  sorted(): Diagnostic[] {
    return [...this.#found.values()].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }
}

/** `Did you mean x?`, or nothing when no candidate is near. */
export function didYouMean(candidate: string | undefined): { hint?: string } {
  return candidate === undefined ? {} : { hint: `Did you mean ${candidate}?` }
}
