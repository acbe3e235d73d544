/** Heads of real log files, and lines of other projects' test suites, as `init` is given them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readHead } from '../../src/cli/read-head.ts'
import type { Sample } from '../../src/define/sniff/sample-lines.ts'

export const DATA = resolve('../shared/data')
export const hasData = existsSync(DATA)

const FOLDERS = ['apache_combined', 'flights_csv', 'gharchive', 'iis_w3c', 'loghub', 'zeek_json', 'zoo']

/** Each head by a name of its own, without the folder that holds them all. */
export async function surveyHeads(): Promise<Sample[]> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(DATA, folder))
      .filter((name) => !/LICENSE|PKG-INFO/.test(name))
      .map((name) => join(folder, name)),
  )
  const heads = files.map(async (file) => ({ ...(await readHead(join(DATA, file))), name: file }))
  return [...(await Promise.all(heads)), ...suiteHeads()]
}

/** No file's last change dates these lines, so a day is given. */
const MODIFIED_MS = Date.UTC(2026, 10, 1)

function suiteHeads(): Sample[] {
  const groups = new Map<string, string[]>()
  const add = (name: string, text: unknown): void => {
    if (typeof text === 'string' && text.trim() !== '') groups.set(name, [...(groups.get(name) ?? []), text])
  }
  for (const { file, pattern, input } of readSuite('grok/cases.json') as Record<string, string>[])
    add(`grok/${file!.replace(/^.*\/|_spec\.rb$/g, '')}/${pattern!.replace(/[^A-Z0-9_]+/gi, '_')}`, input)
  for (const { input, valid } of readSuite('go-syslog/rfc5424_cases.json') as {
    input: string
    valid: boolean
  }[])
    if (valid) add('go-syslog/rfc5424', input)
  for (const { case: test } of readSuite('go-syslog/rfc3164_machine_test.json') as { case: unknown }[])
    if (Array.isArray(test)) add('go-syslog/rfc3164', test[0])
  const { cases } = readSuite('loki-push/cases.json') as { cases: { body: string }[] }
  for (const { body } of cases) add('loki-push', body)
  for (const name of ['events', 'logs', 'metrics', 'trace'])
    add(`otlp/${name}.json`, JSON.stringify(readSuite(`otlp-examples/examples/${name}.json`)))
  return [...groups].map(([name, texts]) => ({
    ...{ name: `suites/${name}`, modifiedMs: MODIFIED_MS },
    head: new TextEncoder().encode(`${[...new Set(texts)].join('\n')}\n`),
  }))
}

function readSuite(file: string): unknown {
  return JSON.parse(readFileSync(join(DATA, 'suites', file), 'utf8'))
}
