/** Names what a metric's totals are: which meaning, of which source's lines. */
import { canonicalJson } from '../core/canonical-json.ts'

/** Text → hex digest; SHA-256 in the product. */
export type Digest = (text: string) => string

/** The meaning does not name the source, so that the version is known under another name of it. */
export function metricVersion(meaning: string, source: string, digest: Digest): string {
  return digest(canonicalJson({ meaning, source })).slice(0, 16)
}
