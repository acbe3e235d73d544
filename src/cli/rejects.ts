import type { Command } from 'commander'
export function addRejects(program: Command, ..._more: unknown[]): void {
  program.command('rejects')
}
