/** Where the lines of a source lie: its topic, and the archive that gets them. */
import type { Cluster } from './cluster.ts'

export interface SourcePlace {
  readonly source: string
  readonly topic: string
  readonly cluster: Cluster
  /** Where the archive ends. */
  archived(): Promise<number>
  /** What people should know, though nothing has failed; the same is told once. */
  tell(message: string): void
}
