import type { Command } from 'commander'
export function addExport(program: Command, ..._more: unknown[]): void {
  program.command('export')
}
