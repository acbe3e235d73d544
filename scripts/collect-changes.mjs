/**
 * Writes the notes of changes/ into CHANGELOG.md under "Unreleased". `--release 1.2.0` gives them a version and
 * the date of today instead, and removes the notes.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { root } from './build.mjs'

const HEAD = '# Changes\n\nMade from the notes in changes/ by `npm run changelog`.\n'
const version = process.argv[process.argv.indexOf('--release') + 1]
const isRelease = process.argv.includes('--release')
if (isRelease && !/^\d+\.\d+\.\d+$/.test(version ?? ''))
  throw new Error('--release needs a version such as 1.2.0')

const notes = readdirSync(`${root}changes`)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort()
const lines = notes.map(
  (name) => `- ${readFileSync(`${root}changes/${name}`, 'utf8').trim().replace(/\s+/g, ' ')}`,
)
const title = isRelease ? `${version} (${new Date().toISOString().slice(0, 10)})` : 'Unreleased'
const section = lines.length > 0 ? `## ${title}\n\n${lines.join('\n')}\n` : ''

const path = `${root}CHANGELOG.md`
const old = existsSync(path) ? readFileSync(path, 'utf8') : ''
const released = old.split(/^(?=## )/m).filter((part) => /^## \d/.test(part))
writeFileSync(path, [HEAD, section, ...released.map((part) => `${part.trim()}\n`)].filter(Boolean).join('\n'))
if (isRelease) for (const name of notes) rmSync(`${root}changes/${name}`)
