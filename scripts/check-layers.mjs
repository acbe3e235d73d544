/** Holds the architecture: imports between rooms, and engines' names outside their folders. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { root } from './build.mjs'
import layers from './layers.config.mjs'

/** The words of the definition language by which its author chooses an engine; the library that packs blocks. */
const NAMING_ENGINES = new Set([
  'src/archive/batch-lines.ts',
  'src/archive/block-packer.ts',
  'src/archive/block-table.ts',
  'src/archive/line-insert.ts',
  'src/archive/line-splits.ts',
  'src/define/adapter-schema.ts',
  'src/define/diagnostic-table.ts',
])

process.chdir(root)
const files = readdirSync('src', { recursive: true })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file))

const { output } = await cruise(
  ['src'],
  { ruleSet: { forbidden: layers.forbidden }, validate: true, ...layers.options },
  {},
  { tsConfig: extractTsConfig('tsconfig.json') },
)
const seen = output.modules.filter((module) => module.source.startsWith('src/'))
const problems = [
  ...output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  ...engineNamesOutside(),
]
// A cruiser that cannot read TypeScript finds nothing wrong in the nothing that it saw.
if (seen.length < files.length) problems.push(`only ${seen.length} of ${files.length} files of src were read`)

for (const problem of problems) console.error(problem)
console.log(`layers: ${seen.length} modules, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** Another engine must be able to take a role without a change elsewhere. */
function engineNamesOutside() {
  const engines = readdirSync('src/engines', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'files')
    .map((entry) => entry.name)
  const named = new RegExp(engines.join('|'), 'i')
  return files
    .filter((file) => !file.startsWith('src/engines/') && !file.endsWith('.test.ts'))
    .filter((file) => !file.includes('/fixtures/') && !NAMING_ENGINES.has(file))
    .filter((file) => engines.length > 0 && named.test(readFileSync(file, 'utf8')))
    .map((file) => `engine-names-stay-in-engines: ${file} names ${named.exec(readFileSync(file, 'utf8'))[0]}`)
}
