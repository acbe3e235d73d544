/**
 * Simulated logs, the same for the same seed: JSON lines of about 210 bytes of a few services, and an access
 * log in the combined format, over one day with its quiet night and busy noon, an error burst and a slow hour.
 *
 *   node scripts/generate-logs.mjs --kind json --lines 1000000 --seed 1 --out web.ndjson
 *
 * Further options: --day 2026-03-02, --minutes 1440, --services 3, --bad 0.0005 (share of lines that cannot be
 * used), --gzip.
 */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'

const MINUTES = 1440
const SERVICES = [
  'web',
  'checkout',
  'search',
  'basket',
  'account',
  'catalog',
  'payment',
  'mail',
  'image',
  'rate',
]
const PATHS = [
  '/',
  '/health',
  '/login',
  '/search',
  '/product/42',
  '/basket',
  '/order',
  '/order/pay',
  '/help',
  '/api/rates',
]
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15',
  'curl/8.12.1',
  'kube-probe/1.32',
]

/** What goes wrong that day: minutes of the day, the service it hits, and how. */
const INCIDENTS = [
  { from: 855, to: 877, service: 'checkout', errorShare: 0.35, slowdown: 1.5 },
  { from: 570, to: 625, service: 'search', errorShare: 0.01, slowdown: 8 },
]
const CALM = { errorShare: 0.002, slowdown: 1 }

/** sfc32 (C. Doty-Humphrey, PractRand): small, fast, and the same on every machine. */
export function makeRandom(seed) {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1]
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4294967296
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

/** Lines of each minute of the day: a wave with its low at 4 and its high at 16 o'clock. */
function linesPerMinute(lines, minutes) {
  const weights = Array.from(
    { length: minutes },
    (_, m) => 1 - 0.7 * Math.cos((2 * Math.PI * (m - 240)) / MINUTES),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let carried = 0
  return weights.map((weight) => {
    const exact = (weight / total) * lines + carried
    const whole = Math.round(exact)
    carried = exact - whole
    return whole
  })
}

/** Yields blocks of text of about a mebibyte, whole lines each, over the first `minutes` of the day. */
export function* generateLog(options) {
  const { kind, lines, seed = 1, day = '2026-03-02', minutes = MINUTES, services = 3, bad = 0 } = options
  const random = makeRandom(seed)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  const names = Array.from({ length: services }, (_, i) => SERVICES[i] ?? `service-${i}`)
  const write = kind === 'combined' ? accessLine : jsonLine
  let text = ''
  for (const [minute, count] of linesPerMinute(lines, minutes).entries()) {
    for (let i = 0; i < count; i++) {
      const ms = midnight + minute * 60_000 + Math.floor((i / count) * 60_000)
      const line = write(makeRequest(random, ms, minute, names), random)
      text += random() < bad ? spoil(line, random) : line
      text += '\n'
      if (text.length > 1_048_576) {
        yield text
        text = ''
      }
    }
  }
  if (text !== '') yield text
}

function makeRequest(random, ms, minute, services) {
  // Squaring makes the first services and paths the busy ones.
  const service = services[Math.floor(random() ** 2 * services.length)]
  const incident =
    INCIDENTS.find((one) => one.service === service && minute >= one.from && minute < one.to) ?? CALM
  const path = PATHS[Math.floor(random() ** 1.5 * PATHS.length)]
  const fails = random() < incident.errorShare
  const roll = random()
  const status = fails
    ? roll < 0.7
      ? 503
      : 500
    : roll < 0.93
      ? 200
      : roll < 0.96
        ? 302
        : roll < 0.99
          ? 404
          : 429
  // A sum of logs is near enough to the long tail that real latencies have.
  const duration = (2 - 14 * Math.log(1 - random()) * (1 - Math.log(1 - random()))) * incident.slowdown
  return {
    ms,
    service,
    path,
    status,
    duration,
    bytes: status === 200 ? Math.floor(180 + random() ** 3 * 60_000) : 153,
  }
}

let dateText = ''
let dateOfText = Number.NaN

/** RFC 3339 with milliseconds; the second is printed once for all lines in it. */
function isoTime(ms) {
  const second = Math.floor(ms / 1000)
  if (second !== dateOfText)
    [dateOfText, dateText] = [second, new Date(second * 1000).toISOString().slice(0, 20)]
  return `${dateText}${String(ms - second * 1000).padStart(3, '0')}Z`
}

function hex8(random) {
  return Math.floor(random() * 4294967296)
    .toString(16)
    .padStart(8, '0')
}

function jsonLine({ ms, service, path, status, duration, bytes }, random) {
  const level = status >= 500 ? 'error' : 'info'
  const host = `${service}-${1 + Math.floor(random() * 6)}`
  const user = random() < 0.15 ? 'null' : `"u${Math.floor(random() ** 2 * 40_000)}"`
  const trace = hex8(random) + hex8(random)
  return `{"ts":"${isoTime(ms)}","level":"${level}","service":"${service}","host":"${host}","method":"${METHODS[Math.floor(random() * 6)]}","path":"${path}","status":${status},"duration_ms":${duration.toFixed(3)},"bytes":${bytes},"user":${user},"trace_id":"${trace}"}`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function accessLine({ ms, path, status, bytes }, random) {
  const iso = isoTime(ms)
  const stamp = `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
  const client = `203.0.113.${Math.floor(random() ** 2 * 254) + 1}`
  const sent = status === 302 ? '-' : bytes
  return `${client} - - [${stamp}] "${METHODS[Math.floor(random() * 6)]} ${path} HTTP/1.1" ${status} ${sent} "-" "${AGENTS[Math.floor(random() ** 1.5 * 4)]}"`
}

/** What spoils lines in real life: a write cut short, a stack trace in between, a clock that was not set. */
function spoil(line, random) {
  const roll = random()
  if (roll < 0.4) return line.slice(0, Math.floor(line.length * random()))
  if (roll < 0.7) return '    at Socket.emit (node:events:519:28)'
  if (roll < 0.9) return line.replace(/\d{4}-\d\d-\d\dT|\d\d\/\w+\/\d{4}/, '1970-0-0T')
  return line.replace(/"status":\d+/, '"status":"n/a"').replace(/" \d{3} /, '" n/a ')
}

/** Writes a log to a file; resolves when it is closed. */
export async function writeLog({ out, gzip = false, ...options }) {
  const file = createWriteStream(out)
  const stream = gzip ? createGzip({ level: 6 }) : file
  if (gzip) stream.pipe(file)
  for (const text of generateLog(options)) {
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end()
  await once(file, 'close')
}

function optionsOf(args) {
  const text = (value) => ({ type: 'string', default: value })
  const { values } = parseArgs({
    args,
    options: {
      kind: text('json'),
      lines: text('100000'),
      seed: text('1'),
      day: text('2026-03-02'),
      minutes: text(String(MINUTES)),
      services: text('3'),
      bad: text('0'),
      gzip: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  })
  if (!values.out) throw new Error('generate-logs: name the file to write with --out')
  const numbers = ['lines', 'seed', 'minutes', 'services', 'bad'].map((name) => [name, Number(values[name])])
  return { ...values, ...Object.fromEntries(numbers) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeLog(optionsOf(process.argv.slice(2)))
