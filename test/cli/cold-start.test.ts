/** Help must not wait for engines, parsers and schemas: what the program loads before it knows its command. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { BIN } from './run-cli.ts'

const STATIC_IMPORT = /^(?:import|export)\b[^'"]*?["']([^"']+)["'];?/gm

/** Packages that the module imports without being asked to, through any number of its own chunks. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>()
  seen.add(file)
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
    const chunk = join(dirname(file), target)
    if (!target.startsWith('.')) packages.add(target)
    else if (!seen.has(chunk)) for (const name of packagesOf(chunk, seen)) packages.add(name)
  }
  return packages
}

it('loads commander and nothing heavier', () => {
  const main = join(dirname(BIN), '../dist/cli/main.js')
  const npm = [...packagesOf(main)].filter((name) => !name.startsWith('node:'))
  expect(npm).toEqual(['commander'])
})
