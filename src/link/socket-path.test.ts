/** The link of a data folder whose path is too long for a socket: it works, and lies where nobody else may write. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Link } from './link.ts'
import { offerLink } from './offer-link.ts'

let root: string
let dataDir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-link-'))
  dataDir = join(root, 'a-folder-with-a-long-name'.repeat(5))
  mkdirSync(dataDir)
})
afterEach(() => rmSync(root, { recursive: true }))

const name = () => join(dataDir, 'serve.sock')
const offer = () => offerLink(dataDir, { echo: async (args) => args })

it('lies in a folder of a random name that is its own, and leaves nothing behind', async () => {
  const offered = await offer()
  const path = readlinkSync(name())
  expect(lstatSync(dirname(path)).mode & 0o777).toBe(0o700)
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
  const link = (await Link.open(dataDir))!
  expect(await link.call('echo', ['here'])).toEqual(['here'])
  link.close()
  await offered.close()
  expect([existsSync(name()), existsSync(dirname(path))]).toEqual([false, false])
  const again = await offer()
  expect(readlinkSync(name())).not.toBe(path)
  await again.close()
})

it('takes the place of one that was killed, and knows that none runs', async () => {
  expect(await Link.open(dataDir)).toBeUndefined()
  const dead = mkdtempSync(join(tmpdir(), 'millrace-'))
  symlinkSync(join(dead, 'sock'), name())
  expect(await Link.open(dataDir)).toBeUndefined()
  const offered = await offer()
  expect(existsSync(dead)).toBe(false)
  const link = await Link.open(dataDir)
  expect(link).toBeDefined()
  link!.close()
  await offered.close()
})

it('is not followed to where others may write', async () => {
  const open = join(root, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  symlinkSync(join(open, 'sock'), name())
  await expect(Link.open(dataDir)).rejects.toMatchObject({
    code: 'SERVE_UNREACHABLE',
    message: expect.stringContaining(open),
  })
})
