/** `millrace export METRIC`: all totals of a metric at their own window, as a file for other tools. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { makeOwnedFolder } from '../archive/owned-folder.ts'
import type { Definition } from '../core/definition.ts'
import type { ExportResult } from '../run/export-metric.ts'
import { restoreAccess } from './data-access.ts'
import { say, writeJson } from './output.ts'
import { sha256 } from './sha256.ts'
import { countOf } from './text-table.ts'
import { lacksOf, warn } from './warn-lacks.ts'
import { deploymentOf, loadChecked, requireMetric, type Workspace, workspaceOf } from './workspace.ts'

interface ExportOptions {
  readonly format: 'csv' | 'parquet'
  readonly out: string
}

export function addExport(program: Command): void {
  const formats = ['csv', 'parquet']
  program
    .command('export')
    .description('write all totals of a metric to a file')
    .argument('<metric>')
    .addOption(new Option('--format <format>', 'csv or parquet').choices(formats).makeOptionMandatory())
    .requiredOption('--out <file>', 'the file to write; replaced when it exists')
    .action((metric: string, options: ExportOptions, command: Command) =>
      exportTotals(workspaceOf(command), metric, options),
    )
}

async function exportTotals(workspace: Workspace, metric: string, options: ExportOptions): Promise<void> {
  const definition = await loadChecked(workspace)
  restoreAccess()
  requireMetric(definition, metric)
  const result = await withScratch(workspace, (scratch) =>
    write(workspace, definition, { ...options, metric }, scratch),
  )
  const warnings = await lacksOf(workspace, definition, { ...result, range: {} })
  const { rows, out, version, revision } = result
  const told = { metric, rows, out, format: options.format, version, revision, warnings }
  if (workspace.json) await writeJson(told)
  else say(`Wrote ${countOf(rows, 'row')} of ${metric} to ${out}.`)
  warn(warnings)
}

async function write(
  workspace: Workspace,
  definition: Definition,
  { metric, format, out }: ExportOptions & { readonly metric: string },
  makeScratchDir: () => Promise<string>,
): Promise<ExportResult> {
  const deployment = deploymentOf(workspace, definition)
  const { openReport, openTableFile } = await import('../engines/registry.ts')
  const { exportMetric } = await import('../run/export-metric.ts')
  return exportMetric({
    ...{ definition, digest: sha256, metric, format, out, makeScratchDir, openTableFile },
    own: ownPlaces(workspace, definition),
    openReport: () => openReport(deployment, 'read'),
  })
}

function ownPlaces({ config, dataDir }: Workspace, { archive: { mirror } }: Definition) {
  return { definition: config, folders: [dataDir, ...(mirror === undefined ? [] : [mirror])] }
}

/** The folder is made only when it is asked for, and removed in any case. */
async function withScratch<T>(
  { dataDir }: Workspace,
  act: (makeScratchDir: () => Promise<string>) => Promise<T>,
): Promise<T> {
  const made: string[] = []
  const make = async () => {
    const folder = await makeOwnedFolder(join(dataDir, 'tmp'), 'export')
    made.push(folder)
    return folder
  }
  try {
    return await act(make)
  } finally {
    await Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true })))
  }
}
