import type { Command } from 'commander'
export function addInit(program: Command, ..._more: unknown[]): void {
  program.command('init')
}
