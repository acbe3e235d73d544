/**
 * Loaded before a program (`node --import`): gives a name to the moment before and after each act that changes a disk,
 * and to what DuckDB writes: the begin, changes and commit of the report's transactions, its checkpoints, Parquet files. MILLRACE_FAILPOINTS_MET names a file for the names that
 * were met, one a line; MILLRACE_FAILPOINT, as `NAME#N`, kills the process -9 when it is at that moment the Nth time, and adds a line of
 * `NAME killed` to that file.
 */
import { appendFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename, resolve } from 'node:path'
import { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'

const { MILLRACE_FAILPOINT = '', MILLRACE_FAILPOINTS_MET } = process.env
const [wanted, nth] = MILLRACE_FAILPOINT.split('#')
let left = Number(nth)

function meet(moment, act, path) {
  const name = [moment, act, kindOf(path)].filter(Boolean).join(' ')
  appendFileSync(MILLRACE_FAILPOINTS_MET, `${name}\n`)
  if (name !== wanted || --left !== 0) return
  appendFileSync(MILLRACE_FAILPOINTS_MET, `${name} killed\n`)
  process.kill(process.pid, 'SIGKILL')
}

/**
 * Files of one kind share a name: digits and the random parts of names are left out, and what is only staged for a
 * transaction is one kind.
 */
function kindOf(path) {
  if (path === undefined) return ''
  if (resolve(String(path)) === process.cwd()) return 'project'
  const name = basename(String(path))
  if (/^(metric\d.*|rejects)\.parquet$/.test(name)) return 'staged file'
  return name
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replace(/[0-9a-f]*\d[0-9a-f]*/g, 'N')
    .replace(/(?:N[-_.]?)+/g, (digits) => (digits.endsWith('.') ? 'N.' : 'N'))
}

function watch(object, method, act, pathOf) {
  const original = object[method]
  object[method] = async function watched(...args) {
    const path = pathOf(this, args)
    meet('before', act, path)
    const result = await original.apply(this, args)
    meet('after', act, path)
    return result
  }
}

/** A file that is only read is nobody's moment. */
const written = new WeakMap()
const { open } = fs
fs.open = async (path, flags, ...rest) => {
  const handle = await open(path, flags, ...rest)
  written.set(handle, path)
  return handle
}
const probe = await open(new URL(import.meta.url))
const handles = Object.getPrototypeOf(probe)
await probe.close()
const pathOfHandle = (handle) => written.get(handle) ?? 'file'
for (const method of ['write', 'writev', 'writeFile']) watch(handles, method, 'write', pathOfHandle)
for (const method of ['sync', 'datasync']) watch(handles, method, 'sync', pathOfHandle)
watch(handles, 'truncate', 'truncate', pathOfHandle)
watch(fs, 'rename', 'rename', (_, [, to]) => to)
for (const method of ['writeFile', 'appendFile']) watch(fs, method, 'write', (_, [path]) => path)
watch(fs, 'copyFile', 'write', (_, [, to]) => to)
for (const method of ['rm', 'unlink', 'rmdir']) watch(fs, method, 'delete', (_, [path]) => path)
syncBuiltinESMExports()

const VERBS = { INSERT: 'insert rows', DELETE: 'delete rows' }

/** Changes of the report's tables are one kind each, whatever table it is; they reach the disk with the commit. */
function momentOf(sql) {
  const [, file] = /^COPY .* TO '([^']*)'/is.exec(sql) ?? []
  if (file) return ['write', file]
  const [, act] = /^(BEGIN|COMMIT|CHECKPOINT)/.exec(sql) ?? []
  if (act) return [act.toLowerCase()]
  const [, verb] = /^(INSERT|DELETE|CREATE|DROP|ALTER) [A-Z ]*millrace\./.exec(sql) ?? []
  return verb && [VERBS[verb] ?? 'change table']
}

async function atMoment(sql, act) {
  const moment = momentOf(sql)
  if (moment) meet('before', ...moment)
  const result = await act()
  if (moment) meet('after', ...moment)
  return result
}

const { run, prepare } = DuckDBConnection.prototype
DuckDBConnection.prototype.run = function watched(sql, ...rest) {
  return atMoment(sql, () => run.call(this, sql, ...rest))
}
/** The text of a prepared statement. */
const texts = new WeakMap()
DuckDBConnection.prototype.prepare = async function watched(sql, ...rest) {
  const statement = await prepare.call(this, sql, ...rest)
  texts.set(statement, sql)
  return statement
}
const { run: runPrepared } = DuckDBPreparedStatement.prototype
DuckDBPreparedStatement.prototype.run = function watched(...rest) {
  return atMoment(texts.get(this) ?? '', () => runPrepared.apply(this, rest))
}
