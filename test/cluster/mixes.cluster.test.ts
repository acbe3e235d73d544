/** Every mix of adapters gives the same totals: hdfs or files, spark or duckdb, postgres or a DuckDB file. */
import { expect, it } from 'vitest'
import { Pipeline } from '../pipeline.ts'
import { type ChosenRoles, clusterRoles } from './cluster-roles.ts'
import { BAD, definition, EDGE, readTotals, webLine } from './whole-job.ts'

const WEB = Array.from({ length: 3000 }, (_, index) => webLine(index))

const MIXES: readonly ChosenRoles[] = [
  { archive: 'hdfs' },
  { batch: 'spark' },
  { report: 'postgres' },
  { archive: 'hdfs', batch: 'spark' },
  { archive: 'hdfs', report: 'postgres' },
  { batch: 'spark', report: 'postgres' },
  { archive: 'hdfs', batch: 'spark', report: 'postgres' },
]

async function totalsOf(chosen: ChosenRoles): Promise<unknown> {
  const pipeline = new Pipeline(definition, clusterRoles(chosen))
  try {
    await pipeline.ingest('web', WEB.slice(0, 1500).join('\n'), [...BAD, ...WEB.slice(1500)].join('\n'))
    await pipeline.ingest('edge', EDGE.join('\n'))
    const { ledger } = await pipeline.batch()
    return { ledger, ...(await readTotals(pipeline)) }
  } finally {
    pipeline.remove()
  }
}

const nameOf = ({ archive, batch, report }: ChosenRoles) =>
  `${archive ?? 'files'} + ${batch ?? 'duckdb'} + ${report ?? 'duckdb'}`

it.each(MIXES.map((chosen) => [nameOf(chosen), chosen] as const))('%s', async (_, chosen) => {
  const embedded = await totalsOf({})
  expect(embedded).toMatchObject({ bytes: expect.stringContaining('18446744073709551614') })
  expect(await totalsOf(chosen)).toEqual(embedded)
})
