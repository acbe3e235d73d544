/** Runs a program to its end; its output is shown only when it fails. */
import { spawnSync } from 'node:child_process'

/** `title` says what could not be done. Gives the output. */
export function runProgram(title, command, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  if (status === 0) return stdout
  const why = error ? error.message : `${command} ended with ${signal ?? `status ${status}`}`
  const output = `${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n').slice(-30).join('\n')
  throw new Error(`${title}: ${why}\n${output}`)
}
