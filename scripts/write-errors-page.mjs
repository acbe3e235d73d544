/** Writes docs/errors.md from src/core/errors; test/docs/errors.test.ts holds the two together. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'
import { root } from './build.mjs'

const FOLDER = `${root}src/core/errors`

async function readTable(file) {
  const compilerOptions = { module: 'esnext', target: 'es2022' }
  const { outputText } = ts.transpileModule(readFileSync(`${FOLDER}/${file}`, 'utf8'), { compilerOptions })
  const [table] = Object.values(await import(`data:text/javascript,${encodeURIComponent(outputText)}`))
  return table
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith('-errors.ts'))
const ERROR_TABLE = Object.assign({}, ...(await Promise.all(files.map(readTable))))

const STAGES = {
  ARCHIVE: 'Keeping raw lines',
  BATCH: 'Batch runs',
  CLI: 'The command line',
  DATA: 'The data folder',
  DEFINE: 'Definitions',
  EXPORT: 'Export',
  INGEST: 'Taking in files',
  LEDGER: 'The ledger',
  QUERY: 'Queries',
  REPORT: 'The report',
  SNIFF: 'Writing a definition with init',
  STEP: 'Steps and time zones',
}

const stageOf = (code) => code.slice(0, code.indexOf('_'))
const stages = [...new Set(Object.keys(ERROR_TABLE).map(stageOf))].sort()
const sections = stages.map((stage) => {
  const entries = Object.entries(ERROR_TABLE).filter(([code]) => stageOf(code) === stage)
  const lines = entries.map(([code, { exit, text }]) => `### ${code}\n\nExit status ${exit}. ${text}\n`)
  return `## ${STAGES[stage] ?? stage}\n\n${lines.join('\n')}`
})

writeFileSync(
  `${root}docs/errors.md`,
  `# Errors

Every error has a code that says its stage and its fault, a text, and an exit status: 1 when something could not
be done, 2 for wrong use or a wrong definition. \`{names}\` in braces are filled in. With \`--json\` an error is one
line on stderr: \`{"error":{"code":"…","message":"…"}}\`. What can be wrong inside a definition is listed in
[definitions.md](definitions.md) and [expressions.md](expressions.md).

This page is made from \`src/core/errors\` by \`npm run docs\`.

${sections.join('\n')}
## Without an entry of their own

- \`DEFINE_INVALID\` (2): the definition has problems; \`diagnostics\` lists all of them.
- \`USAGE\` (2): a command, option or argument is unknown, missing or cannot be read.
- \`INTERRUPTED\` (130 after Ctrl-C, 143 after SIGTERM): the command stopped in order and nothing was changed.
- \`UNEXPECTED\` (1): a bug. \`MILLRACE_DEBUG=1\` adds the stack trace; please report it.
`,
)
