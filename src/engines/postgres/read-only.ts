/** Why a server takes no changes: it is a standby, or an administrator has said so, and where. */
import type pg from 'pg'

const ASK = `SELECT pg_is_in_recovery(), s.setting, s.source FROM pg_settings s
  WHERE s.name = 'default_transaction_read_only'`

/** Where a setting stands, by the server's word for it. */
const PLACES: Readonly<Record<string, string>> = {
  database: 'for this database (ALTER DATABASE … SET)',
  user: 'for this role (ALTER ROLE … SET)',
  'database user': 'for this role in this database (ALTER ROLE … IN DATABASE … SET)',
  'configuration file': "in the server's configuration",
  'command line': "on the server's command line",
  client: 'in the environment of this process (PGOPTIONS)',
}

/** A clause; undefined when nothing says why. */
export async function whyReadOnly(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query({ text: ASK, rowMode: 'array' })
  const [isStandby, setting, source] = rows[0] ?? []
  if (isStandby === true)
    return 'the server is a standby, which follows another one. Name the primary server in the address'
  if (setting !== 'on') return undefined
  const place = PLACES[String(source)] ?? 'on the server'
  return `an administrator has set default_transaction_read_only to on ${place}. Millrace goes on when it is off again`
}
