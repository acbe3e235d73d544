/** Turns errors into messages and exit statuses; the only place of the program that does. */
import { CommanderError } from 'commander'
import { refusalOf } from '../archive/unreadable.ts'
import { MillraceError } from '../core/error.ts'
import type { Diagnostic } from '../define/diagnostic.ts'
import { say, usesColor } from './output.ts'
import { countOf } from './text-table.ts'

/** The definition has problems; all of them are told at once. */
export class InvalidDefinition extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(file: string, diagnostics: readonly Diagnostic[]) {
    super(`${file} has ${countOf(diagnostics.length, 'problem')}. Nothing was done.`)
    this.diagnostics = diagnostics
  }
}

/** The user ended the command. */
export class Interrupted extends Error {
  readonly exitStatus: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super('Stopped; nothing was changed.')
    this.exitStatus = signal === 'SIGINT' ? 130 : 143
  }
}

/** An answer of the batch process that is already a text. */
export class ToldError extends Error {
  readonly code: string
  readonly exitStatus: number

  constructor(code: string, message: string, exitStatus: number) {
    super(message)
    this.code = code
    this.exitStatus = exitStatus
  }
}

/** 0 done, 1 could not be done, 2 wrong use or definition, 130 and 143 interrupted. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof MillraceError) return error.exitCode
  if (error instanceof InvalidDefinition) return 2
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof Interrupted || error instanceof ToldError) return error.exitStatus
  return 1
}

/** Prints the error for people, or with `json` as one line of `{"error":{"code","message"}}`; both on stderr. */
export async function reportError(error: unknown, { json }: { json: boolean }): Promise<void> {
  // Help and version are no errors, and commander has printed them.
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help')) return
  if (json) return say(JSON.stringify({ error: describe(error) }))
  if (error instanceof InvalidDefinition) say(`${await framesOf(error)}\n`)
  say(`millrace: ${describe(error).message}`)
  if (process.env.MILLRACE_DEBUG && error instanceof Error) say(error.stack ?? '')
}

function describe(error: unknown): { code: string; message: string; diagnostics?: readonly Diagnostic[] } {
  if (error instanceof MillraceError || error instanceof ToldError) {
    return { code: error.code, message: error.message }
  }
  if (error instanceof InvalidDefinition) {
    return { code: 'DEFINE_INVALID', message: error.message, diagnostics: error.diagnostics }
  }
  if (error instanceof Interrupted) return { code: 'INTERRUPTED', message: error.message }
  if (error instanceof CommanderError) return { code: 'USAGE', message: usageText(error.message) }
  const refusal = refusalOf(error)
  if (refusal) return { code: refusal.code, message: refusal.message }
  const why = error instanceof Error ? error.message : String(error)
  return {
    code: 'UNEXPECTED',
    message: `Something unexpected went wrong: ${why}. This is a bug in Millrace; run again with MILLRACE_DEBUG=1 to see where.`,
  }
}

/** `error: unknown option '--x'\n(Did you mean --y?)` → one line that says where to look. */
function usageText(message: string): string {
  const [first = '', hint] = message.replace(/^error: /, '').split('\n')
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`
  const parts = [sentence.endsWith('.') ? sentence : `${sentence}.`, hint?.replace(/^\((.*)\)$/, '$1')]
  return [...parts.filter(Boolean), 'See `millrace --help`.'].join(' ')
}

async function framesOf({ diagnostics }: InvalidDefinition): Promise<string> {
  const { formatDiagnostics } = await import('../define/format-diagnostics.ts')
  return formatDiagnostics(diagnostics, { color: usesColor(process.stderr) })
}
