/**
 * Adds to package-lock.json the packages of other platforms that npm left out: a registry mirror that does not
 * carry them makes npm drop them from the lock file, and `npm ci` then refuses it everywhere. Such an entry has
 * no integrity, since the package was never seen. Run it after each change of the dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
const packages = Object.entries(lock.packages)
for (const [owner, { optionalDependencies = {}, dev, optional }] of packages) {
  for (const [name, version] of Object.entries(optionalDependencies))
    add(owner, name, version, { dev, optional })
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)

function add(owner, name, version, { dev }) {
  if (`node_modules/${name}` in lock.packages || `${owner}/node_modules/${name}` in lock.packages) return
  const platform = platformOf(name)
  if (!platform) return console.log(`left out, since its platform is unknown: ${name}`)
  const isExact = /^\d/.test(version)
  if (!isExact) return console.log(`left out, since its version is open: ${name}@${version}`)
  const nested =
    owner === '' || owner.split('node_modules/').length <= 2
      ? `node_modules/${name}`
      : `${owner}/node_modules/${name}`
  const { cpu, libc, os } = platform
  lock.packages[nested] = {
    version,
    cpu,
    ...(dev && { dev }),
    ...(libc && { libc }),
    optional: true,
    ...(os && { os }),
  }
  console.log(`added ${nested}@${version}`)
}

function platformOf(name) {
  if (name.includes('wasm32')) return { cpu: ['wasm32'] }
  const match =
    /(android|darwin|freebsd|linux|openharmony|sunos|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(-musl|-gnu)?/.exec(
      name,
    )
  if (!match) return undefined
  const [, os, cpu, libc] = match
  return { os: [os], cpu: [cpu], ...(libc && { libc: [libc === '-musl' ? 'musl' : 'glibc'] }) }
}
