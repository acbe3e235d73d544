/**
 * Log-linear buckets by integer arithmetic only, so that every engine puts a value in the same bucket.
 *
 * A value |v| < 100 is its own bucket. Above, with p decimal digits, m = its three leading digits (100…999):
 * buckets are 2 wide in m below 200, 4 wide below 500, 10 wide above: 175 for a decade. The midpoint of a
 * bucket is within 1 % of every value in it. Negative values mirror. Numbers ascend with the values.
 */

/** Buckets numbered per decade are `(p - 2) * BUCKETS_PER_DECADE + slot`; leaves 0…99 to exact small values. */
export const BUCKETS_PER_DECADE = 1000

/** The bucket number of a scaled integer of at most 38 digits. */
export function bucketOf(value: bigint): number {
  if (value < 0n) return -bucketOf(-value)
  if (value < 100n) return Number(value)
  const digits = value.toString()
  const lead = Number(digits.slice(0, 3))
  return (digits.length - 2) * BUCKETS_PER_DECADE + slotOf(lead)
}

function slotOf(lead: number): number {
  if (lead < 200) return Math.trunc((lead - 100) / 2)
  if (lead < 500) return 50 + Math.trunc((lead - 200) / 4)
  return 125 + Math.trunc((lead - 500) / 10)
}

/** The value a bucket stands for: the midpoint of the integers it holds, rounded down. */
export function bucketMidpoint(bucket: number): bigint {
  if (bucket < 0) return -bucketMidpoint(-bucket)
  if (bucket < 100) return BigInt(bucket)
  const digits = Math.trunc(bucket / BUCKETS_PER_DECADE) + 2
  const slot = bucket % BUCKETS_PER_DECADE
  const [lead, width] =
    slot < 50 ? [100 + slot * 2, 2] : slot < 125 ? [200 + (slot - 50) * 4, 4] : [500 + (slot - 125) * 10, 10]
  const unit = 10n ** BigInt(digits - 3)
  const low = BigInt(lead) * unit
  const high = BigInt(lead + width) * unit - 1n
  return (low + high) / 2n
}
