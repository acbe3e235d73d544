/** Reads a file of contents or keys that a manifest in HDFS names. */
import { type ContentSegment, isWholeSegment } from '../../archive/content-segments.ts'
import { type RemoteFolder, remoteSegment } from './remote-folder.ts'
import { isContentFault } from './storage-failure.ts'
import type { WebHdfs } from './web-hdfs.ts'

/** Undefined when no replica of it is whole. */
export async function readSegment(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  segment: ContentSegment,
): Promise<string | undefined> {
  const text = await hdfs.readText(remoteSegment(folder, segment)).catch((error: unknown) => {
    if (isContentFault(error)) return undefined
    throw error
  })
  return text !== undefined && isWholeSegment(segment, text) ? text : undefined
}
