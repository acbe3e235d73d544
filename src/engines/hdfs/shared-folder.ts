/** A folder beside the blocks for what an engine stages: the engine's machines write it by HDFS's own protocol. */
import { createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isOrphan, ownedName } from '../../archive/owned-name.ts'
import type { SharedFolder } from '../../ports/archive.ts'
import { ContentFault } from './storage-failure.ts'
import type { FileStatus, WebHdfs } from './web-hdfs.ts'

/** A new folder below `parent`, which belongs to this data folder, and where those of dead runs are removed. */
export async function openSharedFolder(
  hdfs: WebHdfs,
  parent: string,
  name: string,
  uriOf: (path: string) => Promise<string>,
): Promise<SharedFolder> {
  const left = (await hdfs.list(parent)).map(({ pathSuffix }) => pathSuffix).filter(isOrphan)
  for (const orphan of left) await hdfs.remove(`${parent}/${orphan}`)
  const path = `${parent}/${ownedName(name)}`
  await hdfs.makeFolder(path)
  return {
    uri: await uriOf(path),
    fetch: (name, localFolder) => fetchFiles(hdfs, `${path}/${name}`, localFolder),
    remove: () => hdfs.remove(path),
  }
}

async function fetchFiles(hdfs: WebHdfs, from: string, to: string): Promise<string[]> {
  await mkdir(to, { recursive: true })
  const files = (await hdfs.list(from)).filter(({ type }) => type === 'FILE')
  const paths: string[] = []
  for (const file of files) paths.push(await fetchFile(hdfs, `${from}/${file.pathSuffix}`, to, file))
  return paths.sort()
}

async function fetchFile(hdfs: WebHdfs, from: string, folder: string, { pathSuffix, length }: FileStatus) {
  const path = join(folder, pathSuffix)
  const write = async (chunks: AsyncIterable<Uint8Array>) => {
    await pipeline(Readable.from(chunks), createWriteStream(path))
    if ((await stat(path)).size !== length) throw new ContentFault('it was cut short')
  }
  if (length > 0) await hdfs.read(from, { offset: 0, length }, write)
  else await write(Readable.from([]))
  return path
}
