/** Reads a definition from a JavaScript module, the other end of `defineConfig()`. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DiagnosticList } from './diagnostic.ts'
import type { ReadText } from './yaml-text.ts'

/** Runs the module, so only a module of one's own should be given. Its problems have a path in place of a line. */
export async function readModule(file: string): Promise<ReadText> {
  const problems = new DiagnosticList(file, () => undefined)
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(file)).href)
    if (typeof module.default === 'object' && module.default !== null)
      // A copy: the check takes wrong parts out, and getters or proxies must not change under it.
      return { tree: structuredClone(module.default), problems }
    problems.add('DEFINE_MODULE_EXPORT', [], {}, { hint: 'End it with: export default defineConfig({ … })' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const hint = code === 'ERR_UNKNOWN_FILE_EXTENSION' ? { hint: TYPESCRIPT_HINT } : {}
    problems.add('DEFINE_MODULE_FAILED', [], { why: typeof code === 'string' ? code : message }, hint)
  }
  return { problems }
}

const TYPESCRIPT_HINT =
  'This version of Node does not run TypeScript: compile it first, or name it millrace.config.mjs with // @ts-check.'
