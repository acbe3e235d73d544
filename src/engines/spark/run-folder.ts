/** The folder of one application's job, log and scratch files; those of dead runs are removed. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isOrphan, ownedName } from '../../archive/owned-name.ts'

export async function makeRunFolder(workDir: string): Promise<string> {
  const parent = resolve(workDir)
  await mkdir(parent, { recursive: true })
  for (const left of (await readdir(parent)).filter(isOrphan))
    await rm(join(parent, left), { recursive: true, force: true })
  const folder = join(parent, ownedName('spark'))
  for (const name of ['scratch', 'tmp']) await mkdir(join(folder, name), { recursive: true })
  return folder
}
