/** The tree of commands. Each command's file loads what it needs only when it runs, so that help is quick. */
import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { addAcceptLoss } from './accept-loss.ts'
import { addBackfill } from './backfill.ts'
import { addBatch } from './batch.ts'
import { addCheck } from './check.ts'
import { addExplain } from './explain.ts'
import { addExport } from './export.ts'
import { addIngest } from './ingest.ts'
import { addInit } from './init.ts'
import { addLedger } from './ledger.ts'
import { addQuery } from './query.ts'
import { addRejects } from './rejects.ts'
import { addRepairClock } from './repair-clock.ts'
import { addRuns } from './runs.ts'
import { addScrub } from './scrub.ts'
import { addServe } from './serve.ts'
import { addStatus } from './status.ts'
import { addStream } from './stream.ts'
import { addToken } from './token.ts'
import { addVerify } from './verify.ts'

export interface ProgramParts {
  /** The module that a batch run forks. */
  readonly batchChild: URL
}

export function makeProgram({ batchChild }: ProgramParts): Command {
  const program = new Command('millrace')
    .description('Raw logs in, trusted totals out: one definition, computed by batch and by stream.')
    .version(packageJson.version)
    .option('--config <file>', 'the definition', './millrace.yaml')
    .option('--data <dir>', 'where raw lines and totals are kept', './.millrace')
    .option('--json', 'machine output on stdout, messages on stderr')
    .exitOverride()
    // Errors are printed in one place, exit.ts, so that --json holds for wrong use too.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 could not be done, 2 wrong use or definition, 130 interrupted.',
    )
  for (const add of [addInit, addCheck, addIngest]) add(program)
  addBatch(program, batchChild)
  addServe(program, batchChild)
  addStream(program)
  for (const add of [addQuery, addRejects, addRuns, addStatus, addExplain]) add(program)
  addVerify(program, batchChild)
  addBackfill(program, batchChild)
  addRepairClock(program, batchChild)
  for (const add of [addAcceptLoss, addLedger, addScrub, addExport, addToken]) add(program)
  return program
}
