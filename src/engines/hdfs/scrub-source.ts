/** Reads every block of a source in HDFS, and counts the replicas that the NameNode knows of. */

import type { Block } from '../../core/block.ts'
import { leastOf } from '../../core/extremes.ts'
import type { ArchiveFinding, LostBlock } from '../../ports/archive.ts'
import { type RemoteFolder, remoteBlock } from './remote-folder.ts'
import { isContentFault } from './storage-failure.ts'
import { readDigest } from './upload-block.ts'
import type { FileStatus, WebHdfs } from './web-hdfs.ts'

/**
 * A DataNode that meets a damaged replica while it reads tells the NameNode, which has it made anew from another;
 * so replicas are counted after the reading.
 */
export async function scrubBlocks(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  blocks: readonly Block[],
): Promise<ArchiveFinding[]> {
  const statuses = new Map((await hdfs.list(folder.blocks)).map((status) => [status.pathSuffix, status]))
  const findings: ArchiveFinding[] = []
  for (const block of blocks) {
    const finding = await scrubBlock(hdfs, remoteBlock(folder, block), block, statuses.get(block.name))
    if (finding) findings.push(finding)
  }
  return findings
}

/** Of which no replica is whole. The bytes of a file that is there may be on a DataNode that is away. */
export async function findLostBlocks(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  blocks: readonly Block[],
): Promise<LostBlock[]> {
  const findings = await scrubBlocks(hdfs, folder, blocks)
  const lost = new Set(findings.flatMap(({ block, outcome }) => (outcome === 'lost' ? [block] : [])))
  if (lost.size === 0) return []
  const deadNodes = (await hdfs.health())?.deadNodes ?? 0
  const there = new Set((await hdfs.list(folder.blocks)).map(({ pathSuffix }) => pathSuffix))
  const hasReplica = (name: string) => !findings.some((one) => one.block === name && one.fault === 'missing')
  const away = {
    path: folder.blocks,
    why: 'has blocks of which no DataNode that answers has a whole replica',
  }
  return blocks
    .filter(({ name }) => lost.has(name))
    .map((block) => {
      const isAway = there.has(block.name) && (deadNodes > 0 || !hasReplica(block.name))
      return { block, away: isAway ? [away] : [] }
    })
}

async function scrubBlock(
  hdfs: WebHdfs,
  path: string,
  { name: block, fileBytes, sha256 }: Block,
  status: FileStatus | undefined,
): Promise<ArchiveFinding | undefined> {
  if (!status) return { block, copy: 'primary', fault: 'missing', outcome: 'lost' }
  const damaged: ArchiveFinding = { block, copy: 'primary', fault: 'damaged', outcome: 'lost' }
  if (status.length !== fileBytes) return damaged
  const replicas = await hdfs.replicas(path, fileBytes)
  if (replicas.includes(0)) return { ...damaged, fault: 'missing' }
  const isGood = await readDigest(hdfs, path, fileBytes).then((digest) => digest.sha256 === sha256, faultOnly)
  if (!isGood) return damaged
  const fewest = leastOf(await hdfs.replicas(path, fileBytes))
  if (fewest >= status.replication) return undefined
  return { block, copy: 'replica', fault: 'under-replicated', outcome: 'healing' }
}

function faultOnly(error: unknown): false {
  if (isContentFault(error)) return false
  throw error
}
