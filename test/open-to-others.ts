/** What others than the owner could read or change below a folder, by its permissions. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** `path 755` of each, the folder itself too. */
export function openToOthers(folder: string): string[] {
  const paths = [
    folder,
    ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))),
  ]
  return paths.flatMap((path) => {
    const { mode } = lstatSync(path)
    return mode & 0o077 ? [`${path} ${(mode & 0o777).toString(8)}`] : []
  })
}
