/**
 * The other rival: a plain Node program with JSON.parse and Maps, streaming, that computes the tallies of
 * `requests` in millrace.yaml and prints them as CSV.
 *
 *   node bench/baseline/plain-node.mjs FILE
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const groups = new Map()

const lines = createInterface({ input: createReadStream(process.argv[2], { highWaterMark: 1 << 20 }) })
for await (const line of lines) add(line)
for (const [key, cell] of groups) {
  const [windowMs, service, status] = key.split('\u0000')
  const { requests, errors, sent, fastest, slowest } = cell
  console.log([windowMs, service, status, requests, errors, sent, fastest / 1000, slowest / 1000].join(','))
}

function add(line) {
  let record
  try {
    record = JSON.parse(line)
  } catch {
    return
  }
  const { ts, service, status, bytes, duration_ms: duration } = record
  const time = TIME.test(ts) ? Date.parse(ts) : Number.NaN
  if (Number.isNaN(time) || !Number.isInteger(status) || !Number.isInteger(bytes)) return
  if (typeof duration !== 'number' || typeof service !== 'string') return
  const key = `${time - (time % 60000)}\u0000${service}\u0000${Math.trunc(status / 100)}`
  const thousandths = Math.round(duration * 1000)
  const cell = groups.get(key)
  if (!cell) {
    groups.set(key, {
      requests: 1,
      errors: status >= 500 ? 1 : 0,
      sent: bytes,
      fastest: thousandths,
      slowest: thousandths,
    })
    return
  }
  cell.requests++
  if (status >= 500) cell.errors++
  cell.sent += bytes
  if (thousandths < cell.fastest) cell.fastest = thousandths
  if (thousandths > cell.slowest) cell.slowest = thousandths
}
