/** A full disk adds nothing, loses nothing, says so, and is no matter any more once there is space. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FilesArchive } from '../../src/engines/files/archive.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string
let child: string
const mounted: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-full-'))
  const entry = join(root, 'test/crash/disk-full-child.ts')
  await build({
    config: false,
    entry,
    outDir: folder,
    clean: false,
    format: 'cjs',
    dts: false,
    logLevel: 'error',
    platform: 'node',
  })
  child = join(folder, 'disk-full-child.cjs')
})
afterAll(() => {
  for (const path of mounted) spawnSync('umount', [path])
  rmSync(folder, { recursive: true, force: true })
})

function tryMount(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true })
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0
  if (done && !options.includes('remount')) mounted.push(path)
  return done
}

interface Ended {
  readonly lines?: number
  readonly code?: string
  readonly message?: string
}

function ingest(
  dataDir: string,
  megabytes: number,
  options: { mirror?: string; shell?: string } = {},
): Ended {
  const env = { ...process.env, NODE_PATH: join(root, 'node_modules') }
  const args = [child, dataDir, `${megabytes} MB`, String(megabytes), options.mirror ?? '']
  const command = `${options.shell ?? ''} exec "$0" "$@"`
  return JSON.parse(execFileSync('sh', ['-c', command, process.execPath, ...args], { env, encoding: 'utf8' }))
}

const canMount = (() => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-mount-'))
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status === 0
  if (done) spawnSync('umount', [path])
  rmSync(path, { recursive: true, force: true })
  return done
})()

describe('a full disk', () => {
  it.skipIf(!canMount)('under the data folder (needs the right to mount)', async () => {
    const disk = join(folder, 'disk')
    tryMount(disk, 'size=8m')
    const data = join(disk, 'data')
    expect(ingest(data, 2).lines).toBeGreaterThan(10_000)
    const archive = new FilesArchive({ dataDir: data })
    const before = await archive.manifest('web')
    expect(ingest(data, 30)).toMatchObject({
      code: 'ARCHIVE_UNWRITABLE',
      message: expect.stringContaining('the disk is full'),
    })
    expect(await archive.manifest('web')).toEqual(before)
    expect(readdirSync(join(data, 'archive/web/blocks'))).toEqual(before!.blocks.map(({ name }) => name))
    expect((await archive.scrub('web')).findings).toEqual([])
    tryMount(disk, 'remount,size=80m')
    expect(ingest(data, 30).lines).toBeGreaterThan(200_000)
    expect((await archive.scrub('web')).findings).toEqual([])
  })

  it.skipIf(!canMount)('under the mirror (needs the right to mount)', async () => {
    const mirror = join(folder, 'mirror')
    tryMount(mirror, 'size=4m')
    const data = join(folder, 'mirrored')
    expect(ingest(data, 20, { mirror })).toMatchObject({
      code: 'ARCHIVE_UNWRITABLE',
      message: expect.stringContaining(mirror),
    })
    expect(await new FilesArchive({ dataDir: data }).manifest('web')).toBeUndefined()
    tryMount(mirror, 'remount,size=80m')
    expect(ingest(data, 20, { mirror }).lines).toBeGreaterThan(100_000)
    expect((await new FilesArchive({ dataDir: data, mirror }).scrub('web')).findings).toEqual([])
  })

  it('by a limit on the size of files', async () => {
    const data = join(folder, 'limited')
    // 400 blocks of 512 bytes are less than one of our blocks; the signal is ignored so that the write fails.
    expect(ingest(data, 10, { shell: 'trap "" XFSZ; ulimit -f 400;' })).toMatchObject({
      code: 'ARCHIVE_UNWRITABLE',
    })
    expect(await new FilesArchive({ dataDir: data }).manifest('web')).toBeUndefined()
    expect(ingest(data, 10).lines).toBeGreaterThan(50_000)
  })
})
