import { expect, it } from 'vitest'
import { checkHeader } from './check-header.ts'

const csv = { kind: 'csv', delimiter: ',', columns: ['time', 'a "b"', 'c,d'], header: true } as const
const check = (line: string, format: Parameters<typeof checkHeader>[0] = csv) =>
  checkHeader(format, line, { source: 's', input: 'f.csv' })

it('accepts the declared header, quoted or not', () => {
  check('time,"a ""b""","c,d"')
  check('"time","a ""b""","c,d"')
  check('time\tx', { ...csv, delimiter: '\t', columns: ['time', 'x'] })
})

it.each(['', 'time', 'time,"a ""b"""', 'time,"a ""b""","c,d",', 'time,"c,d","a ""b"""', '2026-01-01,1,2'])(
  'refuses %j',
  (line) => {
    expect(() => check(line)).toThrow(/f\.csv: its first line is not the header that source s declares/)
  },
)

it('asks nothing of formats without a header', () => {
  check('anything', { ...csv, header: false })
  check('anything', { kind: 'json' })
})
