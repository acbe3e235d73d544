import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { makeOwnedFolder } from './owned-folder.ts'
import { ownedName } from './owned-name.ts'
import { identityOf } from './process-identity.ts'

it('clears away what a killed process left, and nothing else', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-owned-'))
  try {
    const dead = ownedName('export').replace(identityOf(process.pid), identityOf(spawnSync('true').pid))
    mkdirSync(join(parent, dead))
    writeFileSync(join(parent, dead, 'totals.csv'), 'n')
    mkdirSync(join(parent, 'of-somebody-else'))
    const first = await makeOwnedFolder(parent, 'export')
    const second = await makeOwnedFolder(parent, 'export')
    const names = [basename(first), basename(second), 'of-somebody-else']
    expect(readdirSync(parent).sort()).toEqual(names.sort())
    expect(readdirSync(second)).toEqual([])
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})
