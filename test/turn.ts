/**
 * Tests of many random or listed cases take turns: each commit runs one share of them, so that a few commits run all.
 * `npm test` sets MILLRACE_TURN to the number of commits; MILLRACE_TURN=all runs everything.
 */
const TURN = process.env.MILLRACE_TURN ?? '0'

/** Undefined when everything is to run. */
export function turnOf(turns: number): number | undefined {
  return TURN === 'all' ? undefined : Number(TURN) % turns
}

/** The items of this turn; it prints which share that is. */
export function shareOf<Item>(what: string, all: readonly Item[], turns: number): Item[] {
  const turn = turnOf(turns)
  const share = all.filter((_, place) => turn === undefined || place % turns === turn)
  console.log(
    `${what}: ${share.length} of ${all.length}${turn === undefined ? '' : `, ${nameOf(turn, turns)}`}`,
  )
  return share
}

export interface RandomShare {
  readonly count: number
  /** Of the first case; each turn has seeds of its own. */
  readonly seed: number
}

/** How many random cases run, and from which seed; `variable` of the environment and MILLRACE_SEED set them by hand. */
export function randomShare(variable: string, all: number, turns: number): RandomShare {
  const { [variable]: given, MILLRACE_SEED: seed } = process.env
  const turn = turnOf(turns)
  if (given || seed || turn === undefined) return { count: Number(given ?? all), seed: Number(seed ?? 1) }
  const count = Math.ceil(all / turns)
  console.log(`${variable}: ${count} of ${all}, ${nameOf(turn, turns)}`)
  return { count, seed: 1 + turn * count }
}

function nameOf(turn: number, turns: number): string {
  return `turn ${turn + 1} of ${turns}`
}
