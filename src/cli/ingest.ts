import type { Command } from 'commander'
export function addIngest(program: Command, ..._more: unknown[]): void {
  program.command('ingest')
}
