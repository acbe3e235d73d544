/** Every real set with answers through hdfs, spark and postgres: the report equals the embedded one, cell for cell. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Definition } from '../../src/core/definition.ts'
import { loadDefinition } from '../../src/define/load-definition.ts'
import { ingestYears, openArchive } from '../../src/engines/registry.ts'
import { ingestFiles } from '../../src/run/ingest-files.ts'
import { Pipeline } from '../pipeline.ts'
import { type RealSet, SETS } from '../real/sets.ts'
import { clusterRoles } from './cluster-roles.ts'

const DATA = resolve('../shared/data')
const sets = existsSync(DATA) ? SETS : []
if (sets.length === 0) console.warn(`the real sets are SKIPPED on the cluster: there is no ${DATA}`)

let embedded: Pipeline
let clustered: Pipeline

beforeAll(async () => {
  if (sets.length === 0) return
  const definition = await joinDefinitions()
  embedded = await runSets(new Pipeline(definition))
  clustered = await runSets(
    new Pipeline(definition, clusterRoles({ archive: 'hdfs', batch: 'spark', report: 'postgres' })),
  )
}, 1_200_000)
afterAll(() => {
  embedded?.remove()
  clustered?.remove()
})

it.each(sets.map((set) => [set.name, set] as const))('hdfs + spark + postgres: %s', async (_, set) => {
  const metrics = [...embedded.definition.metrics.keys()].filter((name) => name.startsWith(`${set.name}.`))
  expect(metrics.length).toBeGreaterThan(0)
  const quantiles = ['0.01', '0.25', '0.5', '0.95', '0.999', '1']
  for (const metric of metrics) {
    const expected = await embedded.queryCsv(metric, { quantiles })
    expect(await clustered.queryCsv(metric, { quantiles })).toBe(expected)
  }
  const source = sourceOf(set)
  expect(await clustered.rejects(source)).toEqual(await embedded.rejects(source))
})

it('says so when there are no real sets', () => {
  expect(sets.length === 0 ? existsSync(DATA) : true).toBe(sets.length > 0)
})

/** One definition of all sets, so that one application of Spark computes them. */
async function joinDefinitions(): Promise<Definition> {
  const sources: [string, Definition['sources'] extends ReadonlyMap<string, infer S> ? S : never][] = []
  const metrics: [string, Definition['metrics'] extends ReadonlyMap<string, infer M> ? M : never][] = []
  for (const set of sets) {
    const { definition, diagnostics } = await loadDefinition(`test/real/${set.name}/millrace.yaml`)
    if (!definition) throw new Error(JSON.stringify(diagnostics))
    for (const [name, source] of definition.sources) {
      if (name === set.source) sources.push([sourceOf(set), { ...source, name: sourceOf(set) }])
    }
    for (const metric of definition.metrics.values()) {
      const name = `${set.name}.${metric.name}`
      metrics.push([name, { ...metric, name, source: sourceOf(set) }])
    }
  }
  const roles = {
    ...{ data: {}, log: {}, stream: {} },
    archive: {},
    batch: {},
    report: {},
    serve: {
      ...{ host: '', port: 0, hosts: [], freshnessMs: 120_000, proxies: [], restate: 'at_once' as const },
      ...{ tokens: new Map(), limits: {} },
    },
  }
  return { file: 'millrace.yaml', sources: new Map(sources), metrics: new Map(metrics), ...roles }
}

const sourceOf = ({ name, source }: RealSet) => `${name}_${source}`

async function runSets(pipeline: Pipeline): Promise<Pipeline> {
  const archive = await openArchive(pipeline.folders)
  for (const set of sets) {
    const files = set.files.map((file) => join(DATA, file))
    const years = await ingestYears(pipeline.definition.sources.get(sourceOf(set))!)
    await ingestFiles(archive, sourceOf(set), files, { ...years })
    await archive.acknowledge(sourceOf(set))
  }
  await pipeline.batch()
  return pipeline
}
