/** docs/cli.md tells every command and option that the program has. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const program = makeProgram({ batchChild: new URL('file:///unused') })
const sections = new Map(page.split(/^## /m).map((section) => [/^[\w-]+/.exec(section)?.[0] ?? '', section]))

it.each(program.commands.map((command) => [command.name(), command] as const))('%s', (name, command) => {
  const flags = command.options.map((option) => option.long ?? '')
  expect(flags.filter((flag) => !sections.get(name)?.includes(flag))).toEqual([])
})

it('has a section for no other command', () => {
  const names = program.commands.map((command) => command.name())
  expect([...sections.keys()].filter((name) => name !== '' && !names.includes(name))).toEqual([])
})
