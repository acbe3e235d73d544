/** The roles that a definition gives to other adapters than the embedded ones. */
import { dirname, resolve } from 'node:path'
import type { AdapterConfig, Definition } from '../core/definition.ts'
import { ADAPTER_KEYS, LEAST_MEMORY } from './adapter-schema.ts'
import { checkSchedule } from './check-schedule.ts'
import type { DefinitionText, Partly } from './definition-schema.ts'
import type { DiagnosticList } from './diagnostic.ts'

type Roles = Pick<Definition, 'log' | 'stream' | 'archive' | 'batch' | 'report'>
type Role = keyof Roles

/** Options that are paths, relative to the definition's folder. */
const PATHS: ReadonlySet<string> = new Set(['ca', 'cert', 'home', 'key', 'password_file'])

export function checkAdapters(text: Partly<DefinitionText>, file: string, problems: DiagnosticList): Roles {
  const { mirror, ...archive } = text.archive ?? {}
  const found = checkRole('archive', archive, file, problems)
  if (found && mirror !== undefined)
    problems.add(
      'DEFINE_MIRROR_OF_ADAPTER',
      ['archive', 'mirror'],
      { adapter: found.adapter },
      { target: 'key' },
    )
  const { cron, timezone, ...engine } = text.batch ?? {}
  const batch = checkRole('batch', engine, file, problems)
  checkMemory(batch, problems)
  const report = checkRole('report', text.report ?? {}, file, problems)
  const log = checkRole('log', text.log ?? {}, file, problems)
  checkLogin(log, problems)
  const stream = checkRole('stream', text.stream ?? {}, file, problems)
  checkStream(stream, log, problems)
  return {
    log: log ? { adapter: log } : {},
    stream: stream ? { adapter: stream } : {},
    archive: {
      ...(mirror !== undefined && { mirror: resolve(dirname(file), mirror) }),
      ...(found && { adapter: found }),
    },
    batch: { ...(batch && { adapter: batch }), ...checkSchedule({ cron, timezone }, problems) },
    report: report ? { adapter: report } : {},
  }
}

/** A mechanism and a user belong together. */
function checkLogin(log: AdapterConfig | undefined, problems: DiagnosticList): void {
  const { sasl, user, password_file } = log?.options ?? {}
  const isWhole = sasl !== undefined && user !== undefined
  for (const [key, value] of Object.entries({ sasl, user, password_file }))
    if (value !== undefined && !isWhole)
      problems.add('DEFINE_PASSWORD_WITHOUT_LOGIN', ['log', key], { key }, { target: 'key' })
}

/** A batch engine that cannot start with so little is better told of here than by its first run. */
function checkMemory(batch: AdapterConfig | undefined, problems: DiagnosticList): void {
  const { memory, conf = {} } = (batch?.options ?? {}) as {
    readonly memory?: unknown
    readonly conf?: Readonly<Record<string, unknown>>
  }
  if (!batch || LEAST_MEMORY.unless in conf) return
  const found = LEAST_MEMORY.keys.flatMap((key): [(string | number)[], unknown][] =>
    conf[key] === undefined ? [] : [[['batch', 'conf', key], conf[key]]],
  )
  // Where `conf` says both, nothing is left for it to say.
  if (memory !== undefined && found.length < LEAST_MEMORY.keys.length)
    found.push([['batch', 'memory'], memory])
  for (const [path, given] of found) {
    const bytes = memoryBytes(String(given))
    if (bytes === undefined || bytes >= LEAST_MEMORY.bytes) continue
    const params = { given: String(given), adapter: batch.adapter, least: LEAST_MEMORY.text }
    problems.add('DEFINE_LITTLE_MEMORY', path, params)
  }
}

/** `512m`, `1gb`, `768`, which is in MiB; undefined for what the engine alone can judge. */
function memoryBytes(text: string): number | undefined {
  const [, digits, unit = 'm'] = /^([0-9]{1,9})([kmgt])?b?$/i.exec(text.trim()) ?? []
  if (digits === undefined) return undefined
  return Number(digits) * 1024 ** ('kmgt'.indexOf(unit.toLowerCase()) + 1)
}

/** A job reads the log's topics, and is asked how it does. */
function checkStream(
  stream: AdapterConfig | undefined,
  log: AdapterConfig | undefined,
  problems: DiagnosticList,
): void {
  if (!stream) return
  if (!log) problems.add('DEFINE_STREAM_WITHOUT_LOG', ['stream'], {}, { target: 'key' })
  if (stream.options.rest === undefined)
    problems.add('DEFINE_MISSING_KEY', ['stream'], { parent: 'stream', key: 'rest' })
}

/** Undefined when the role stays embedded; then none of the adapter's options may stand there. */
function checkRole(
  role: Role,
  values: Readonly<Record<string, unknown>>,
  file: string,
  problems: DiagnosticList,
): AdapterConfig | undefined {
  const adapter = ADAPTER_KEYS[role]
  const { [adapter]: address, ...options } = values
  if (typeof address !== 'string') {
    for (const key of Object.keys(options))
      problems.add('DEFINE_OPTION_WITHOUT_ADAPTER', [role, key], { key, adapter }, { target: 'key' })
    return undefined
  }
  const placed = Object.entries(options).map(([key, value]) => [
    key,
    PATHS.has(key) ? resolve(dirname(file), String(value)) : value,
  ])
  return { adapter, address, options: Object.fromEntries(placed) }
}
