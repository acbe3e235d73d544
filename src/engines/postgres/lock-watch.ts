/** Who keeps a transaction of ours waiting: asked of the server on a second connection while a statement takes long. */
import type pg from 'pg'

/** How often a transaction that lasts is looked at; short ones are never. */
const LOOK_MS = 1000
const MOST_QUERY_LETTERS = 80

/** The oldest of those that hold what the backend waits for. */
const BLOCKERS = `SELECT a.pid, a.usename, a.application_name, a.state, a.client_addr,
    to_char(coalesce(a.xact_start, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), a.query
  FROM pg_stat_activity a WHERE a.pid = ANY(pg_blocking_pids($1))
  ORDER BY a.xact_start NULLS LAST LIMIT 1`

export class LockWatch {
  readonly #pool: pg.Pool
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  readonly #onSeen: (pid: number, blocker: string) => void
  #asking: Promise<void> | undefined
  #blocker: string | undefined

  /** `onSeen` hears of a blocker each time that it is seen. */
  constructor(pool: pg.Pool, pid: number, onSeen: (pid: number, blocker: string) => void) {
    this.#onSeen = onSeen
    this.#pool = pool
    this.#pid = pid
    this.#timer = setInterval(() => {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined
      })
    }, LOOK_MS)
  }

  /** The last one that was seen, as a phrase; undefined where none was. */
  get blocker(): string | undefined {
    return this.#blocker
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A server that has no connection left for this question tells no blocker. */
  async #ask(): Promise<void> {
    try {
      const { rows } = await this.#pool.query({ text: BLOCKERS, values: [this.#pid], rowMode: 'array' })
      if (!rows[0]) return
      this.#blocker = describe(rows[0])
      this.#onSeen(Number(rows[0][0]), this.#blocker)
    } catch {
      // The transaction itself meets whatever is wrong with the server, and tells it.
    }
  }
}

/** What a role may not see of others is null, and their query a remark in angle brackets. */
function describe([pid, user, application, state, address, since, query]: readonly unknown[]): string {
  const parts = [
    ...(user ? [`user ${user}`] : []),
    ...(application ? [`application ${application}`] : []),
    ...(address ? [`from ${address}`] : []),
    ...(state ? [String(state)] : []),
    ...(since ? [`since ${since}`] : []),
  ]
  const text = String(query ?? '')
    .replace(/\s+/g, ' ')
    .trim()
  const shown = text.length > MOST_QUERY_LETTERS ? `${text.slice(0, MOST_QUERY_LETTERS)}…` : text
  const last = shown === '' || shown.startsWith('<') ? '' : `; its last query: ${shown}`
  return `process ${pid} of the server (${parts.join(', ')}${last})`
}
