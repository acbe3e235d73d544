/** One holder at a time, and none after its process died. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock, type Release, takeLock } from './lock.ts'
import { identityOf, isAlive } from './process-identity.ts'

let folder: string
let lock: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lock-'))
  lock = join(folder, 'deep/lock')
})
afterEach(() => rm(folder, { recursive: true }))

/** A process that does nothing until it is killed. */
async function idleProcess() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'])
  await once(child.stdout, 'data')
  return child
}

async function leaveEntry(identity: string, content = '2024-01-01T00:00:00.000Z') {
  await ((await takeLock(lock)) as Release)()
  await writeFile(join(lock, identity), content)
}

describe('takeLock', () => {
  it('is free again after its release', async () => {
    const release = await takeLock(lock)
    expect(release).toBeTypeOf('function')
    await (release as Release)()
    expect(await readdir(lock)).toEqual([])
    expect(await takeLock(lock)).toBeTypeOf('function')
  })

  it('names the holder and since when, within one process too', async () => {
    await takeLock(lock)
    const holder = await takeLock(lock)
    expect(holder).toMatchObject({ pid: process.pid })
    expect(Date.parse((holder as { since: string }).since)).toBeGreaterThan(Date.now() - 60_000)
  })

  it('respects a live process and takes over from a killed one', async () => {
    const child = await idleProcess()
    const identity = identityOf(child.pid!)
    await leaveEntry(identity)
    expect(await takeLock(lock)).toEqual({ pid: child.pid, since: '2024-01-01T00:00:00.000Z' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAlive(identity)).toBe(false)
    expect(await takeLock(lock)).toBeTypeOf('function')
    expect(await readdir(lock)).toEqual([identityOf(process.pid)])
  })

  it('is not fooled by a process number that was given out again', async () => {
    const [pid, ticks, boot] = identityOf(process.ppid).split('-')
    expect(isAlive(`${pid}-${ticks}-${boot}`)).toBe(true)
    await leaveEntry(`${pid}-${Number(ticks) - 1}-${boot}`)
    expect(await takeLock(lock)).toBeTypeOf('function')
  })

  it.skipIf(process.platform !== 'linux')('takes a zombie for dead (needs /proc)', async () => {
    const script = 'sleep 0.01 & echo $!; exec sleep 30'
    const parent = spawn('sh', ['-c', script])
    const [line] = await once(parent.stdout, 'data')
    const zombie = Number(String(line))
    const isZombie = async () => /\) Z /.test(await readFile(`/proc/${zombie}/stat`, 'utf8'))
    while (!(await isZombie())) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(isAlive(identityOf(zombie))).toBe(false)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  })

  it('never has two holders, however many come at once over a dead entry', async () => {
    for (let round = 0; round < 20; round++) {
      await leaveEntry('999999999-1-deadbeef')
      const taken = await Promise.all(Array.from({ length: 8 }, () => takeLock(lock)))
      const releases = taken.filter((one) => typeof one === 'function')
      expect(releases.length).toBe(1)
      await releases[0]!()
    }
  })
})

describe('acquireLock', () => {
  it('refuses with the purpose and the holder', async () => {
    const release = await acquireLock(lock, 'batch')
    await expect(acquireLock(lock, 'batch')).rejects.toMatchObject({
      code: 'DATA_LOCKED',
      params: { purpose: 'batch', pid: process.pid },
    })
    await release()
  })
})
