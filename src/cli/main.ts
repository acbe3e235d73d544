/** The program `millrace`: runs one command and turns its end into an exit status. */
import { exitStatusOf, reportError } from './exit.ts'
import { guardOutput } from './output.ts'
import { makeProgram } from './program.ts'

guardOutput()
const program = makeProgram({ batchChild: new URL('./batch-child.js', import.meta.url) })
try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitStatusOf(error)
  await reportError(error, { json: process.argv.includes('--json') })
}
