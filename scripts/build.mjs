/** Builds dist quietly: the bundler speaks only when the build fails. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const bundler = `${root}node_modules/tsdown/dist/run.mjs`

/** Gives the exit status. */
export function build() {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundler, '--logLevel', 'error'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) process.stderr.write(`${stdout}${stderr}`)
  return status ?? 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = build()
