/** The folder of one application's job, log and scratch files; those of dead runs are removed. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeOwnedFolder } from '../../archive/owned-folder.ts'

export async function makeRunFolder(workDir: string): Promise<string> {
  const folder = await makeOwnedFolder(resolve(workDir), 'spark')
  for (const name of ['scratch', 'tmp']) await mkdir(join(folder, name))
  return folder
}
