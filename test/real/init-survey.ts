/** `npm run init:survey`: what `init` makes of real heads, as a table to be checked; `--json` prints it, else it is written. */
import { writeFileSync } from 'node:fs'
import { type SurveyRow, surveyHead } from './survey-head.ts'
import { DATA, hasData, surveyHeads } from './survey-heads.ts'
import { surveyPage } from './survey-page.ts'

const PAGE = new URL('../../docs/evidence/init-survey.md', import.meta.url)

if (!hasData) {
  console.error(`There are no real logs in ${DATA}: nothing was surveyed.`)
  process.exit(1)
}
const rows: SurveyRow[] = []
for (const sample of await surveyHeads()) rows.push(await surveyHead(sample))
if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 1))
else writeFileSync(PAGE, surveyPage(rows))
