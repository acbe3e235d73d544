/** Whether a topic keeps its records until the archive has their lines, by its own settings. */
import { formatDuration } from '../../core/duration.ts'
import { MillraceError } from '../../core/error.ts'
import { topicSettings } from './door-topic.ts'
import type { SourcePlace } from './source-place.ts'

export interface Keeping {
  readonly topic: string
  /** Its lines come from the door: Millrace deletes records itself, after they are archived. */
  readonly isDoor: boolean
  readonly settings: ReadonlyMap<string, string>
}

const [POLICY, AGE, SIZE] = ['cleanup.policy', 'retention.ms', 'retention.bytes']
/** Whoever reads a topic of others is away for as long as this now and then. */
const LEAST_AGE_MS = 24 * 3_600_000
const LEAST_BYTES = 1024 ** 3

/** Tells once of a topic that may delete lines first. Errors: LOG_TOPIC_COMPACTED. */
export async function checkKeeping(place: SourcePlace, isDoor: boolean): Promise<void> {
  const { cluster, topic, source } = place
  const settings = await topicSettings(cluster, topic, [POLICY, AGE, SIZE])
  const policy = settings.get(POLICY) ?? ''
  if (isDoor && isCompacted(policy)) throw new MillraceError('LOG_TOPIC_COMPACTED', { topic, source, policy })
  const told = describeKeeping({ topic, isDoor, settings })
  if (told !== undefined) place.tell(told)
}

/** Undefined where it keeps records for long enough, or does not say. */
export function describeKeeping({ topic, isDoor, settings }: Keeping): string | undefined {
  const lost = 'whether the archive has their lines or not'
  const policy = settings.get(POLICY) ?? ''
  if (isCompacted(policy))
    return `topic ${topic} is compacted (${POLICY} is ${policy}), so its brokers delete records whose key comes again, ${lost}`
  const [ageMs, bytes] = [limitOf(settings.get(AGE)), limitOf(settings.get(SIZE))]
  const limits = [
    ...(ageMs < (isDoor ? Number.POSITIVE_INFINITY : LEAST_AGE_MS)
      ? [`after ${formatDuration(ageMs)} (${AGE})`]
      : []),
    ...(bytes < (isDoor ? Number.POSITIVE_INFINITY : LEAST_BYTES)
      ? [`beyond ${bytes} bytes of a partition (${SIZE})`]
      : []),
  ]
  if (limits.length === 0) return undefined
  const advice = isDoor ? 'set both to -1, since Millrace deletes what is archived' : 'set them higher'
  return `the brokers delete records of topic ${topic} ${limits.join(' and ')}, ${lost}; ${advice}`
}

function isCompacted(policy: string): boolean {
  return policy.split(',').some((one) => one.trim() === 'compact')
}

/** Without a limit, or where nobody says: without end. */
function limitOf(setting: string | undefined): number {
  const limit = Number(setting ?? -1)
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
