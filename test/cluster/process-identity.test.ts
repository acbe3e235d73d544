/** The cluster signals its own processes alone: not one that has the number of a dead one, and none that is dead. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'

interface ProcessIdentity {
  identityOf(pid: number): string | undefined
  isAlive(identity: string): boolean
  sessionOf(identity: string): number[]
  descendantsOf(pid: number): string[]
}

const { identityOf, isAlive, sessionOf, descendantsOf }: ProcessIdentity = await import(
  new URL('../../scripts/cluster/process-identity.mjs', import.meta.url).href
)

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(command: string, ...args: string[]): ChildProcess & { pid: number } {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  return child as ChildProcess & { pid: number }
}

it('knows a process until it is gone', async () => {
  const child = start('sleep', '60')
  const identity = identityOf(child.pid)!
  expect(isAlive(identity)).toBe(true)
  expect(sessionOf(identity)).toEqual([child.pid])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
  expect(sessionOf(identity)).toEqual([])
})

it('takes no process for another that had its number before, or before the machine was started', () => {
  const child = start('sleep', '60')
  const [pid, ticks, boot] = identityOf(child.pid)!.split('-')
  const others = [`${pid}-${Number(ticks) - 1}-${boot}`, `${pid}-${ticks}-00000000`]
  expect(others.map(isAlive)).toEqual([false, false])
  expect(others.map(sessionOf)).toEqual([[], []])
})

it('finds what a dead process has left in its session', async () => {
  const shell = start('sh', '-c', 'sleep 60 & echo $!; wait')
  const identity = identityOf(shell.pid)!
  const [line] = (await once(shell.stdout!, 'data')) as [Buffer]
  const left = Number(String(line))
  expect(descendantsOf(shell.pid)).toEqual([identityOf(left)])
  shell.kill('SIGKILL')
  await once(shell, 'exit')
  expect(isAlive(identity)).toBe(false)
  expect(sessionOf(identity)).toEqual([left])
  expect(descendantsOf(shell.pid)).toEqual([])
  process.kill(left, 'SIGKILL')
  await expect.poll(() => sessionOf(identity)).toEqual([])
})

it('takes a zombie for dead', async () => {
  const parent = start('sh', '-c', 'sleep 0 & echo $!; exec sleep 60')
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
  const zombie = Number(String(line))
  await expect.poll(() => isAlive(identityOf(zombie) ?? 'none')).toBe(false)
  expect(identityOf(zombie)).toBeDefined()
})
