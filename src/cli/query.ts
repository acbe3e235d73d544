import type { Command } from 'commander'
export function addQuery(program: Command, ..._more: unknown[]): void {
  program.command('query')
}
