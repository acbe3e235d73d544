/** `millrace explain METRIC`: the plan of a metric, and the SQL that the batch engine or a job runs for it. */
import type { Command } from 'commander'
import { writeJson, writeOut } from './output.ts'
import { sha256 } from './sha256.ts'
import {
  deploymentOf,
  loadChecked,
  requireMetric,
  requireSource,
  type Workspace,
  workspaceOf,
} from './workspace.ts'

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('show the plan of a metric and the SQL it becomes')
    .argument('<metric>')
    .option('--stream', 'that of the job which tallies the stream')
    .action((metric: string, { stream }: { stream?: boolean }, command: Command) =>
      explain(workspaceOf(command), metric, stream === true),
    )
}

async function explain(workspace: Workspace, name: string, isStream: boolean): Promise<void> {
  const definition = await loadChecked(workspace)
  const metric = requireMetric(definition, name)
  const { planSource } = await import('../compile/build-plan.ts')
  const { explainBatch } = await import('../engines/registry.ts')
  const { explainStream } = await import('../engines/stream-registry.ts')
  const plan = planSource(requireSource(definition, metric.source), [metric], sha256)
  const statements = isStream
    ? await explainStream(plan, new Map([[name, metric.allowedLatenessMs]]))
    : await explainBatch(deploymentOf(workspace, definition), plan)
  if (workspace.json) return writeJson({ plan, statements })
  const { describePlan } = await import('./describe-plan.ts')
  const described = plan.metrics.map((metricPlan) => describePlan(plan, metricPlan))
  const printed = statements.map(({ title, sql }) => `\n-- ${title}\n${sql};\n`)
  await writeOut([...described, ...printed].join(''))
}
