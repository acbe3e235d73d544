/** The committed list of faults: one module an area in test/mutants/planted. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Each is `{ fault, file, from, to, tests, survives? }`: what is wrong then, the file, the text that stands in it once,
 * what replaces it, the tests near it, and why no test can see it where that is so.
 */
export async function readPlanted(root) {
  const folder = join(root, 'test/mutants/planted')
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort()
  const modules = await Promise.all(names.map((name) => import(pathToFileURL(join(folder, name)).href)))
  return modules.flatMap(({ default: faults }) => faults)
}
