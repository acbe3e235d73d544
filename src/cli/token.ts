/** `millrace token`: a new random token for clients, and what stands in the definition in its place. */
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { writeJson, writeOut } from './output.ts'
import { sha256 } from './sha256.ts'
import { workspaceOf } from './workspace.ts'

export function addToken(program: Command): void {
  program
    .command('token')
    .description('make a token for clients of `millrace serve`; it is shown once and kept nowhere')
    .action((_options: unknown, command: Command) => showToken(workspaceOf(command).json))
}

async function showToken(isJson: boolean): Promise<void> {
  const token = randomBytes(32).toString('base64url')
  const hash = `sha256:${sha256(token)}`
  if (isJson) return writeJson({ token, hash })
  await writeOut(`token (for the client):       ${token}\nhash (for serve.tokens):      ${hash}\n`)
}
