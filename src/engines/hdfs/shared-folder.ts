/** A folder beside the blocks for what an engine stages: the engine's machines write it by HDFS's own protocol. */
import { createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { SharedFolder } from '../../ports/archive.ts'
import { ContentFault } from './storage-failure.ts'
import type { FileStatus, WebHdfs } from './web-hdfs.ts'

/** `uri` names the same folder as `path`. */
export async function openSharedFolder(hdfs: WebHdfs, path: string, uri: string): Promise<SharedFolder> {
  await hdfs.remove(path)
  await hdfs.makeFolder(path)
  return {
    uri,
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
