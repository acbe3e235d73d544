/** `defineConfig()` under the real compiler: a good definition compiles, each slip fails on its own line. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'

const GOOD = resolve('test/types/fixtures/good.ts')
const SOURCE = readFileSync(GOOD, 'utf8')

/** What is misspelt: the text, what it becomes, and what the compiler must name. */
const SLIPS: readonly (readonly [string, string, string, string])[] = [
  ['a field in a measure', 'count(status >= 500)', 'count(stauts >= 500)', '"stauts"'],
  ['a field in a long measure', 'sum(bytes)', 'sum(byts)', '"byts"'],
  ['a field in a dimension', "service: 'service'", "service: 'servce'", '"servce"'],
  ['a field in a where', 'where: "path <> ', 'where: "pth <> ', '"pth"'],
  ['a quoted field', '\\"odd name\\"', '\\"old name\\"', '"old name"'],
  ['a dotted field', 'id.orig_h is not null', 'id.orig_p is not null', '"id.orig_p"'],
  ['a field deep in a case', 'when duration_ms', 'when duration', '"duration"'],
  ['a function', 'quantiles(duration_ms)', 'quantile(duration_ms)', '"quantile"'],
  ['a built-in field of an access log', "status: 'status'", "status: 'code'", '"code"'],
  ['a field of another source', 'sum(amount)', 'sum(status)', '"status"'],
  ['a measure in a ratio', 'errors / requests', 'erors / requests', '"erors"'],
  ['a source', "source: 'web'", "source: 'wbe'", '"wbe"'],
  ['a column', "fields: { amount: 'decimal(2)' }", "fields: { amonut: 'decimal(2)' }", '"amonut"'],
  ['a named group', "from: 'message'", "from: 'mesage'", '"mesage"'],
  ['the time of a pattern', "time: 'time'", "time: 'tme'", '"tme"'],
  ['a field type', "status: 'integer'", "status: 'int'", '"int"'],
  ['a scale', "'decimal(3)'", "'decimal(19)'", '"decimal(19)"'],
  ['a key of a metric', 'where: "path', 'wehre: "path', '"wehre"'],
  ['a key of a source', "nulls: ['NA']", "nuls: ['NA']", '"nuls"'],
  ['a key of a measure', "unit: 'By'", "unti: 'By'", '"unti"'],
  ['a key of the definition', 'archive: {', 'archiv: {', '"archiv"'],
]

interface Fault {
  readonly line: number
  readonly text: string
}

let results: ReadonlyMap<string, readonly Fault[]>

const slipFile = (index: number): string => resolve(`test/types/fixtures/slip-${index}.ts`)
const slipText = (index: number): string => SOURCE.replace(SLIPS[index]![1], SLIPS[index]![2])

/** One program over all variants, since most of the time goes to the libraries. */
beforeAll(() => {
  const texts = new Map([[GOOD, SOURCE], ...SLIPS.map((_, i) => [slipFile(i), slipText(i)] as const)])
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd())
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.readFile = (file) => texts.get(resolve(file)) ?? readFile.call(host, file)
  host.fileExists = (file) => texts.has(resolve(file)) || fileExists.call(host, file)
  const program = ts.createProgram([...texts.keys()], options, host)
  results = new Map([...texts.keys()].map((file) => [file, faultsOf(program, file)]))
})

function faultsOf(program: ts.Program, file: string): Fault[] {
  const source = program.getSourceFile(file)
  return program.getSemanticDiagnostics(source).map((diagnostic) => ({
    line: source!.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + 1,
    text: ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'),
  }))
}

test('a good definition compiles', () => {
  expect(results.get(GOOD)).toEqual([])
})

describe('a misspelt name is a compile error on its line:', () => {
  test.each(SLIPS.map(([what], index) => [what, index] as const))('%s', (_what, index) => {
    const [, from, , named] = SLIPS[index]!
    expect(SOURCE.split(from).length, `${from} stands once in good.ts`).toBe(2)
    const line = SOURCE.slice(0, SOURCE.indexOf(from)).split('\n').length
    const faults = results.get(slipFile(index))!
    // A misspelt column takes its field away, so what uses the field fails too, further down.
    expect(faults[0]).toMatchObject({ line, text: expect.stringContaining(named) })
  })
})
