/** Apache Beam's trigger transcripts about fixed windows and allowed lateness, on the embedded stream. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { type Pane, type Shown, type Transcript, TranscriptRun } from './transcript-run.ts'
import { type Outcome, reportOutcomes, suiteFolder } from './vectors.ts'

const folder = suiteFolder('beam')

/** Why panes of a transcript cannot be compared one by one. */
function foreignPanes({ trigger_fn = 'Default', accumulation_mode = 'accumulating' }: Transcript) {
  if (/^(Default|AfterWatermark)(\(\))?$/.test(trigger_fn) && accumulation_mode === 'accumulating')
    return undefined
  return `${trigger_fn}, ${accumulation_mode}: totals are read at any time and always whole, so there are no panes by count and none that are thrown away; the union of all panes of a window was compared with its final total`
}

/** Why the timestamps of a transcript's panes cannot be compared. */
function foreignTimestamps({ name, timestamp_combiner = 'OUTPUT_AT_EOW' }: Transcript) {
  if (timestamp_combiner.endsWith('_TRANSFORMED'))
    return 'timestamps that user code transforms: a total is stamped with its window, and nothing else; windows and values were compared'
  if (name === 'known_late_data_watermark')
    return 'the earliest timestamp passes over elements behind the watermark, of which there is none here: the least time counts all; windows and values were compared'
  return undefined
}

function isUnplayable({ window_fn, windowfn, transcript }: Transcript): string | undefined {
  if (!/FixedWindows\w*\(\d+\)/.test(window_fn ?? windowfn ?? '')) return 'not of fixed windows'
  const known = ['input', 'watermark', 'expect']
  const other = transcript.flatMap(Object.keys).find((key) => !known.includes(key))
  return other && `the action ${other}`
}

function meets(pane: Pane, shown: Shown, spec: Transcript): boolean {
  const timestamp = spec.timestamp_combiner === 'OUTPUT_AT_EARLIEST' ? shown.earliest : shown.window[1]
  const isStamped = foreignTimestamps(spec) === undefined
  return [
    pane.window.join() === shown.window.join(),
    pane.values.join() === shown.values.join(),
    !isStamped || (pane.timestamp ?? timestamp) === timestamp,
    (pane.index ?? shown.index) === shown.index,
    // A pane after the one on time.
    (pane.late ?? shown.index > 0) === shown.index > 0,
    // Beam's `final: true` also stands for the end of a trigger; of `false` the meaning is one.
    pane.final !== false || !shown.isFinal,
  ].every(Boolean)
}

/** Throws what a runner of Beam's would, when panes are not those that the transcript expects. */
function match(expected: readonly Pane[], shown: readonly Shown[], spec: Transcript): void {
  const left = [...shown]
  for (const pane of expected) {
    const at = left.findIndex((each) => meets(pane, each, spec))
    if (at < 0) throw new Error(`Unmatched output: ${JSON.stringify({ pane, left })}`)
    left.splice(at, 1)
  }
  if (left.length > 0) throw new Error(`Unexpected output: ${JSON.stringify(left)}`)
}

async function playPanes(run: TranscriptRun, spec: Transcript): Promise<void> {
  for (const [index, { input, watermark }] of spec.transcript.entries()) {
    if (input) await run.input(input)
    if (watermark !== undefined) await run.watermark(watermark)
    if (input || watermark !== undefined)
      match(spec.transcript[index + 1]?.expect ?? [], await run.fired(), spec)
  }
}

/** All panes of a window together are what counts in the end. */
async function playUnion(run: TranscriptRun, { transcript }: Transcript): Promise<void> {
  const union = new Map<number, number[]>()
  for (const { input, watermark, expect: panes = [] } of transcript) {
    if (input) await run.input(input)
    if (watermark !== undefined) await run.watermark(watermark)
    await run.fired()
    for (const { window, values } of panes)
      union.set(
        window[0],
        [...(union.get(window[0]) ?? []), ...values].sort((a, b) => a - b),
      )
  }
  const held = [...(await run.windows())].map(([start, { values }]) => [start, values])
  expect(held).toEqual([...union])
}

/** In Beam too, an element is dropped from the instant on at which the watermark is at window end + allowed lateness. */
async function checkEdges(run: TranscriptRun): Promise<void> {
  const { start, last, after } = await run.edges()
  const before = (await run.windows()).get(start)?.values ?? []
  expect(await run.late()).toEqual({})
  await run.clock(last)
  await run.input([start + 1])
  const kept = [...before, start + 1].sort((a, b) => a - b)
  expect((await run.windows()).get(start)!.values).toEqual(kept)
  expect((await run.fired()).every(({ isFinal }) => !isFinal || last >= after)).toBe(true)
  await run.clock(after)
  await run.input([start + 2, start + 3])
  await run.fired()
  expect((await run.windows()).get(start)!.values).toEqual(kept)
  expect(await run.late()).toEqual({ [start]: 2 })
}

async function play(spec: Transcript): Promise<Outcome> {
  const vector = spec.name
  const unplayable = isUnplayable(spec)
  if (unplayable) return { vector, reason: unplayable }
  const run = new TranscriptRun(spec)
  try {
    const panes = foreignPanes(spec)
    const playing = panes ? playUnion(run, spec) : playPanes(run, spec)
    if (spec.error) await expect(playing, spec.name).rejects.toThrow(spec.error)
    else await playing
    await checkEdges(run)
    return { vector, reason: panes ?? foreignTimestamps(spec) }
  } finally {
    await run.close()
  }
}

describe.skipIf(!folder)(`Beam's trigger transcripts${folder ? '' : ' (SKIPPED: vectors absent)'}`, () => {
  it('counts what they count, and finishes when the observed clock passes what their watermark does', async () => {
    const text = readFileSync(join(folder!, 'trigger_transcripts.yaml'), 'utf8')
    const specs = parseAllDocuments(text).map((document) => document.toJS() as Transcript)
    expect(specs).toHaveLength(10)
    const outcomes: Outcome[] = []
    for (const spec of specs) outcomes.push(await play(spec))
    const { passed, other } = reportOutcomes('beam', outcomes)
    expect([passed, other.length]).toEqual([7, 3])
    expect(other.filter((reason) => reason.includes('compared'))).toHaveLength(3)
  })
})
