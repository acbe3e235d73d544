/** The manifest of a source that has another name now. */
import type { Manifest } from '../core/block.ts'
import type { StoredManifest } from './manifest-text.ts'

export function renamedManifest<M extends StoredManifest>(
  manifest: M,
  to: string,
  { topicName }: Pick<Manifest, 'topicName'>,
): M {
  const { source, generation, formerNames = [] } = manifest
  // The topic is the one of the first name, however often that has changed since.
  const kept = manifest.topicName ?? topicName
  return {
    ...manifest,
    source: to,
    generation: generation + 1,
    // A name may have come back: then the latest time counts.
    formerNames: [...formerNames.filter((name) => name !== source && name !== to), source],
    ...(kept !== undefined && { topicName: kept }),
  }
}
