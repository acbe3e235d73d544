import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { isOrphan, ownedName } from './owned-name.ts'
import { identityOf } from './process-identity.ts'

it('gives two folders of one process two names', () => {
  expect(ownedName('web')).not.toBe(ownedName('web'))
  expect(ownedName('web')).toMatch(/-web$/)
})

it('spares what a live process made', () => {
  expect(isOrphan(ownedName('web'))).toBe(false)
})

it('knows what a dead process made, also when its number was given to another', () => {
  const { pid } = spawnSync('true')
  expect(isOrphan(ownedName('web').replace(identityOf(process.pid), identityOf(pid)))).toBe(true)
  const [own, ticks, boot] = identityOf(process.pid).split('-')
  expect(isOrphan(`${own}-${Number(ticks) + 1}-${boot}-abcdef-web`)).toBe(true)
})

it.each(['web', 'verify-a1b2c3', '1-2', ''])('leaves alone what is named otherwise: %j', (name) => {
  expect(isOrphan(name)).toBe(false)
})
