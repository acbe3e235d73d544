/**
 * Writes src/core/time-zone/zone-data.ts from a folder of compiled time zones (TZif, RFC 8536): the `zoneinfo` folder
 * of a system, or of the package `tzdata` from PyPI. Usage: node scripts/write-zone-table.mjs FOLDER
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** `right` counts leap seconds; the others repeat zones under names that hold on one system only. */
const NOT_ZONES = new Set(['right', 'posix', 'posixrules', 'localtime', 'Factory'])
const END_S = Date.UTC(2100, 0, 1) / 1000

const folder = process.argv[2]
if (!folder) throw new Error('Usage: node scripts/write-zone-table.mjs FOLDER')
const release = /^# version (\S+)/.exec(readFileSync(join(folder, 'tzdata.zi'), 'utf8'))?.[1]
if (!release) throw new Error(`${folder}/tzdata.zi names no version`)

const namesByHistory = new Map()
for (const { name, bytes } of readZones(folder)) {
  const history = printHistory(readTzif(bytes, name))
  const names = namesByHistory.get(history) ?? []
  if (names.length === 0) namesByHistory.set(history, names)
  names.push(name)
}
const lines = [...namesByHistory].map(([history, names]) => `${names.join(' ')}|${history}`).sort(byText)
const text = `/**
 * The time zones of the IANA database from 1970 on. Written by scripts/write-zone-table.mjs; zone-history.ts reads it.
 * A line is: names | offsets in seconds | changes | yearly changes after the last of these.
 * A change is the seconds since the change before it (or since 1970) in base 36, and the letter of its offset; the
 * first offset holds before all changes. A yearly change is \`offset@month.week.weekday@seconds\`, the seconds in UTC
 * from the start of that day; week 5 is the last.
 */

/** The release of the IANA database. */
export const ZONE_RELEASE = '${release}'

export const ZONE_DATA = \`
${lines.join('\n')}
\`
`
const target = join(import.meta.dirname, '../src/core/time-zone/zone-data.ts')
writeFileSync(target, text)
const count = [...namesByHistory.values()].flat().length
console.log(`${release}: ${count} names, ${lines.length} histories, ${text.length} bytes`)

function* readZones(root) {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink())
  const names = files.map((entry) => relative(root, join(entry.parentPath, entry.name))).sort(byText)
  for (const name of names) {
    if (NOT_ZONES.has(name.split('/')[0])) continue
    const bytes = readFileSync(join(root, name))
    if (bytes.toString('latin1', 0, 4) === 'TZif') yield { name, bytes }
  }
}

function byText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The offset at 1970, changes of the offset before 2100, and the rule for what comes after the last change of the file. */
function readTzif(bytes, name) {
  if (bytes[4] < 0x32) throw new Error(`${name} is of version 1, which has no 64-bit times`)
  const first = header(bytes, 0)
  const { at, isUt, isStd, leap, time, type, chars } = header(bytes, first.at + size(first, 4))
  const types = at + time * 9
  const offsetOf = (index) => bytes.readInt32BE(types + index * 6)
  const rule = bytes.toString('latin1', types + type * 6 + chars + leap * 12 + isStd + isUt).trim()
  let offset = offsetOf(0)
  const changes = []
  for (let index = 0; index < time; index++) {
    const atS = Number(bytes.readBigInt64BE(at + index * 8))
    const next = offsetOf(bytes[at + time * 8 + index])
    // The rule begins with the last change of the file, also with one of the name alone.
    const isKept = next !== (changes.at(-1)?.offset ?? offset) || (index === time - 1 && rule.includes(','))
    if (atS <= 0) offset = next
    else if (atS < END_S && isKept) changes.push({ atS, offset: next })
  }
  return { offset, changes, yearly: readRule(rule, name) }
}

function header(bytes, from) {
  const [isUt, isStd, leap, time, type, chars] = [20, 24, 28, 32, 36, 40].map((at) =>
    bytes.readUInt32BE(from + at),
  )
  return { at: from + 44, isUt, isStd, leap, time, type, chars }
}

function size({ isUt, isStd, leap, time, type, chars }, timeBytes) {
  return time * (timeBytes + 1) + type * 6 + chars + leap * (timeBytes + 4) + isStd + isUt
}

/** The two changes a year of a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`; none where the offset stays. */
function readRule(rule, name) {
  if (!rule.includes(',')) return []
  const offset = '([-+]?[0-9:]+)'
  const day = ',M([0-9.]+)(?:/([-+0-9:]+))?'
  const zone = '(?:<[^>]+>|[A-Za-z]+)'
  const match = new RegExp(`^${zone}${offset}${zone}${offset}?${day}${day}$`).exec(rule)
  if (!match) throw new Error(`${name} has a rule that cannot be read: ${rule}`)
  const [, west, dstWest, start, startTime = '2', end, endTime = '2'] = match
  const standard = -secondsOf(west)
  const summer = dstWest === undefined ? standard + 3600 : -secondsOf(dstWest)
  return [
    `${summer}@${start}@${secondsOf(startTime) - standard}`,
    `${standard}@${end}@${secondsOf(endTime) - summer}`,
  ]
}

function secondsOf(text) {
  const [hours, minutes = 0, seconds = 0] = text.replace(/^[-+]/, '').split(':').map(Number)
  return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)
}

function printHistory({ offset, changes, yearly }) {
  const offsets = [...new Set([offset, ...changes.map((change) => change.offset)])]
  const printed = changes.map((change, index) => {
    const since = change.atS - (changes[index - 1]?.atS ?? 0)
    return `${since.toString(36)}${String.fromCharCode(65 + offsets.indexOf(change.offset))}`
  })
  return `${offsets.join(' ')}|${printed.join('')}|${yearly.join(' ')}`
}
