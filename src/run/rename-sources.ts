/** The use case that gives sources other names: which of them wait for it, and all that takes the new name. */
import type { Source } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'

export interface SourceRename {
  readonly from: string
  readonly to: string
}

export interface NamePlaces {
  readonly archive: Pick<Archive, 'manifest'>
  readonly logs: {
    /** Where the log of a source ends; 0 where it has none. */
    end(source: string): Promise<number>
  }
}

/** What is under way, durable before it begins. */
export interface RenameJournal {
  read(): Promise<SourceRename[]>
  write(underWay: readonly SourceRename[]): Promise<void>
}

type RenamedReport = Pick<Report, 'renameSource' | 'close'>

export interface RenameRoles extends NamePlaces {
  readonly archive: Pick<Archive, 'manifest' | 'rename'>
  readonly journal: RenameJournal
  readonly logs: NamePlaces['logs'] & {
    /** Lines of the source wait in a topic that cannot be renamed. */
    keepsTopic(source: string): Promise<boolean>
    rename(names: SourceRename): Promise<void>
  }
  /** Undefined where there is none yet. */
  openReport(): Promise<RenamedReport | undefined>
}

/** What a definition asks for, in an order in which each new name is free when its turn comes. */
export function askedRenames(sources: Iterable<Source>): SourceRename[] {
  const asked = [...sources].flatMap(({ name, was }) => (was === undefined ? [] : [{ from: was, to: name }]))
  const byName = new Map(asked.map((one) => [one.from, one]))
  const ordered = new Set<SourceRename>()
  const add = (one: SourceRename) => {
    const first = byName.get(one.to)
    if (first && !ordered.has(first)) add(first)
    ordered.add(one)
  }
  for (const one of asked) add(one)
  return [...ordered]
}

/** Those that are not done yet: the old name has lines, and the new one was not given to them before. Errors: RENAME_BOTH_HOLD. */
export async function findRenames(
  asked: readonly SourceRename[],
  { archive, logs }: NamePlaces,
): Promise<(SourceRename & { readonly lines: number })[]> {
  const waiting: (SourceRename & { readonly lines: number })[] = []
  const linesOf = async (source: string) =>
    Math.max((await archive.manifest(source))?.nextOffset ?? 0, await logs.end(source))
  for (const { from, to } of asked) {
    if ((await archive.manifest(to))?.formerNames?.includes(from)) continue
    const lines = await linesOf(from)
    if (lines === 0) continue
    const isFreed = waiting.some((one) => one.from === to)
    if (!isFreed && (await linesOf(to)) > 0)
      throw new MillraceError('RENAME_BOTH_HOLD', { from, to, where: 'archive or log' })
    waiting.push({ from, to, lines })
  }
  return waiting
}

/** All that is left to do, in order: what a crash cut off goes first, whatever is asked for now. Errors: RENAME_BOTH_HOLD. */
export async function waitingRenames(
  asked: readonly SourceRename[],
  journal: RenameJournal,
  places: NamePlaces,
): Promise<SourceRename[]> {
  const underWay = await journal.read()
  const more = asked.filter(({ to }) => !underWay.some((one) => one.to === to))
  const found = await findRenames(more, places)
  return [...underWay, ...found.map(({ from, to }) => ({ from, to }))]
}

/**
 * Nobody else is at work on the data folder, and each source has an archive, which can tell later that it was done. What a crash left
 * half done is finished by the same call.
 */
export async function renameSources(renames: readonly SourceRename[], roles: RenameRoles): Promise<void> {
  const { journal } = roles
  const report = await roles.openReport()
  try {
    await journal.write(renames)
    for (const [place, names] of renames.entries()) {
      await renameSource(names, roles, report)
      await journal.write(renames.slice(place + 1))
    }
  } finally {
    await report?.close()
  }
}

async function renameSource(names: SourceRename, roles: RenameRoles, report: RenamedReport | undefined) {
  const { from, to } = names
  await report?.renameSource(from, to).catch(async (error: unknown) => {
    // It refused, and nothing has changed yet: there is nothing to finish.
    if (error instanceof MillraceError && error.code === 'RENAME_BOTH_HOLD') await roles.journal.write([])
    throw error
  })
  await roles.logs.rename(names)
  await roles.archive.rename(from, to, (await roles.logs.keepsTopic(from)) ? { topicName: from } : {})
}

/**
 * A report that was put back from before a rename has the old name beside the archive that it was counted from.
 * In order of the sources.
 */
export async function findOutdatedNames(
  sources: Iterable<string>,
  archive: Pick<Archive, 'manifest'>,
  report: Pick<Report, 'streamState'>,
): Promise<SourceRename[]> {
  const outdated: SourceRename[] = []
  for (const to of sources) {
    const { formerNames = [], incarnation } = (await archive.manifest(to)) ?? {}
    // It was counted again under the new name since.
    if (((await report.streamState(to))?.endOffset ?? 0) > 0) continue
    for (const from of formerNames)
      if ((await report.streamState(from))?.archive === incarnation) outdated.push({ from, to })
  }
  return outdated
}
