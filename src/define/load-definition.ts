/** Loads a definition from a file, reporting all of its problems at once. */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { systemReason } from '../core/system-reason.ts'
import { checkDefinition } from './check-definition.ts'
import { type Diagnostic, DiagnosticList } from './diagnostic.ts'
import { readModule } from './module-config.ts'
import { readYaml } from './yaml-text.ts'

/** A definition exists exactly when there are no diagnostics. */
export interface LoadedDefinition {
  readonly definition?: Definition
  readonly diagnostics: readonly Diagnostic[]
}

const MODULES: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts'])

/**
 * Reads YAML, JSON or, by its ending, a JavaScript module whose default export is a definition. Relative
 * paths in it are taken from the file's folder. Throws DEFINE_UNREADABLE when the file cannot be read.
 */
export async function loadDefinition(file: string): Promise<LoadedDefinition> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new MillraceError('DEFINE_UNREADABLE', { file, why: systemReason(error) }, { cause: error })
  })
  if (MODULES.has(extname(file))) return finish(await readModule(file), file)
  const text = decodeText(bytes)
  if (text !== undefined) return checkText(text, file)
  const problems = new DiagnosticList(file, () => ({ line: 1, column: 1, endLine: 1, endColumn: 2 }))
  problems.add('DEFINE_NOT_TEXT', [], {}, { hint: 'Is this the right file? A definition is a YAML text.' })
  return { diagnostics: problems.sorted() }
}

/** Checks a definition that is already in memory; `file` is the name to show. */
export function checkText(text: string, file: string): LoadedDefinition {
  return finish(readYaml(text, file), file)
}

function finish(
  read: { readonly tree?: unknown; readonly problems: DiagnosticList },
  file: string,
): LoadedDefinition {
  const checked = 'tree' in read ? checkDefinition(read.tree, file, read.problems) : undefined
  const definition = checked && read.problems.isEmpty ? { definition: checked } : {}
  return { ...definition, diagnostics: read.problems.sorted() }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
