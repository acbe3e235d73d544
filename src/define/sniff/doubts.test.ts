/** What a sample does not prove is said on its line and as an open question, and never decided without a word. */
import { describe, expect, test } from 'vitest'
import { loadWithoutProblems } from '../fixtures/load-without-problems.ts'
import { checkText } from '../load-definition.ts'
import { sniffFiles } from './sniff-files.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('what the sample does not prove is said or left open', () => {
  const look = (lines: readonly string[], name = 'app.log', modifiedMs = Date.UTC(2026, 5, 1)) =>
    sniffFiles([{ name, head: encode(`${lines.join('\n')}\n`), modifiedMs }])
  const timeOf = (lines: readonly string[]) => {
    const { text, guesses, undecided } = look(lines)
    expect(undecided).toEqual([])
    const [source] = [...loadWithoutProblems(text).sources.values()]
    const { layout, zone, year } = source!.time
    return {
      layout: layout.kind === 'strptime' ? layout.format : layout.kind,
      ...{ zone, year, said: guesses.map((guess) => guess.text) },
    }
  }
  const UTC =
    'The stamps carry no zone: UTC is a guess. Write another, such as Europe/Berlin, if their clock ran by it.'

  test.each([
    ['an offset after a space', '2019-11-26 01:04:49 +0800 [INF] x', '%Y-%m-%d %H:%M:%S %z'],
    [
      'the same with a fraction and a colon',
      '2019-11-26 01:04:49.123 +08:00 [INF] x',
      '%Y-%m-%d %H:%M:%S %z',
    ],
    ['an offset at once', '2019-11-26 01:04:49+0800 x', 'iso'],
    ['a word of RFC 5322', '2025-08-13 01:45:01.123 PDT [12345] LOG:  x', '%Y-%m-%d %H:%M:%S %Z'],
    ['a word before the year', 'Wed May 19 08:00:01 EST 2021 x', '%a %b %d %H:%M:%S %Z %Y'],
    ["git's default", 'Date:   Thu Apr 7 15:13:13 2005 -0700', '%a %b %d %H:%M:%S %Y %z'],
    ["JavaScript's default", 'Tue Nov 26 2019 01:04:49 GMT+0800 (CST) x', '%a %b %d %Y %H:%M:%S GMT%z'],
    ['RFC 5322', 'at Tue, 26 Nov 2019 01:04:49 GMT x', '%a, %d %b %Y %H:%M:%S %Z'],
  ])('%s is read', (_what, line, layout) => {
    expect(timeOf([line, line])).toEqual({ layout, zone: 'UTC', year: undefined, said: [] })
  })

  test('a year after the time, in stamps with and without a fraction', () => {
    const lines = [
      '[Tue Jun 11 10:20:30 2013] [error] x',
      '[Tue Jun 11 10:20:31.123456 2013] [core:error] [pid 7] x',
    ]
    const { text } = look([...lines, ...lines])
    expect(text).toContain('# From app.log: 4 of 4 lines')
    expect(timeOf(lines)).toMatchObject({ layout: '%a %b %d %H:%M:%S %Y', year: undefined, said: [UTC] })
  })

  test.each([
    ['10/06/2013 10:00:00', '10/07/2013 10:00:00', ['%d/%m/%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S']],
    ['10-06-2013 10:00:00', '10-07-2013 10:00:00', ['%d-%m-%Y %H:%M:%S', '%m-%d-%Y %H:%M:%S']],
    [
      '10/06/09 10:00:00',
      '10/07/09 10:00:00',
      ['%y/%m/%d %H:%M:%S', '%d/%m/%y %H:%M:%S', '%m/%d/%y %H:%M:%S'],
    ],
  ])('%s, %s may be read in several orders', (first, second, layouts) => {
    const { text, undecided } = look([`${first} x`, `${second} x`])
    expect(undecided).toMatchObject([{ source: 'app', why: expect.stringContaining('may be') }])
    expect([...text.matchAll(/^ {4}# time: .*layout: '(.*?)'/gm)].map(([, layout]) => layout)).toEqual(
      layouts,
    )
    expect(checkText(text, 'millrace.yaml').diagnostics.map(({ code }) => code)).toEqual(['DEFINE_NO_TIME'])
    const [option] = /^ {4}# time: .*$/m.exec(text)!
    loadWithoutProblems(text.replace(option, option.replace('# ', '')))
  })

  test('an order that a stamp proves, or that is usual', () => {
    expect(timeOf(['06/10/2013 10:00:00 x', '06/13/2013 10:00:00 x'])).toMatchObject({
      layout: '%m/%d/%Y %H:%M:%S',
      said: [UTC],
    })
    expect(timeOf(['06.10.2013 10:00:00 x']).said[0]).toContain('The day is taken to come first')
    expect(timeOf(['17/06/09 20:10:40 INFO executor.Backend: x']).said[0]).toContain('The year is taken')
    expect(timeOf(['081109 203615 148 INFO dfs.X: y']).said[0]).toContain('The year is taken')
    expect(timeOf(['311299 203615 x', '301299 203615 x']).layout).toBe('%d%m%y %H%M%S')
  })

  test('words that name no single offset', () => {
    const { text, undecided } = look([
      '2025-04-12 00:14:12.837 CEST [7] ERROR:  x',
      '2025-11-12 00:14:12 CET [7] LOG:  x',
    ])
    expect(undecided[0]?.why).toContain('CEST and CET after the stamps')
    const [option] = /^ {4}# time: .*$/m.exec(text)!
    const source = loadWithoutProblems(text.replace(option, option.replace('# ', ''))).sources.get('app')!
    expect(source.time).toMatchObject({ layout: { kind: 'iso' }, zone: 'Europe/Berlin' })
    expect(look(['2015-04-24T21:08:10.313913FOO err x']).undecided[0]?.why).toContain('FOO')
    expect(look(['{"ts":"2025-04-12 00:14:12 IST","a":1}']).undecided[0]?.why).toContain('IST')
  })

  test('digits are a time where their place, name or fraction says so', () => {
    const said = [expect.stringMatching(/^That digits are a time is a guess: .* is 20/)]
    expect(timeOf(['1428634687123 Hello', '1428634687456 Bye'])).toMatchObject({ layout: 'epoch_ms', said })
    expect(timeOf(['web | {"ts":1761019822.25,"x', 'web | {"ts":1761019823.25,"x']).layout).toBe('epoch_s')
    expect(timeOf(['7 1697048351.000001 brk', '7 1697048351.000541 mmap']).layout).toBe('epoch_s')
    const { undecided, text } = look(['134681 node-246 1077804742 1 x', '134682 node-246 1084680778 1 y'])
    expect(undecided[0]?.why).toContain('digits such as 1077804742')
    expect(text).toContain('# if they are times: 1077804742 is 2004-02-26T14:12:22.000Z')
    expect(
      look(['a call to 4915123456 x', 'a call to 4915123457 x', '2026-01-02 03:04:05 x']).undecided,
    ).toHaveLength(0)
  })

  test('an epoch beside a date that agrees with it tells its zone', () => {
    const line = (s: number, time: string) => `- ${s} 2005.06.03 R02 2005-06-03-${time} RAS x`
    const found = timeOf([line(1117838570, '15.42.50.675872'), line(1117838573, '15.42.53.276129')])
    expect(found).toMatchObject({ layout: 'epoch_s', said: [] })
  })

  test('a year from full stamps within the lines, else what the last change makes it', () => {
    const short = 'Feb 25 16:19:38 h haproxy[1]: x'
    const full = 'Feb 25 16:19:49 h haproxy[7]: 1.2.3.4 [25/Feb/2019:16:19:48.143] y'
    expect(timeOf([short, full])).toMatchObject({ layout: 'rfc3164', year: 2019, said: [UTC] })
    expect(timeOf([short])).toMatchObject({
      year: undefined,
      said: [UTC, expect.stringContaining('of each file: 2026 here')],
    })
    expect(timeOf(['Dec 25 16:19:38 h haproxy[1]: x']).said[1]).toContain('2025 here')
    expect(timeOf(['Feb 29 16:19:38 h haproxy[1]: x']).said[1]).toContain('2024 here')
  })

  test('a stamp of which the pattern would read only a part', () => {
    const short = '2026-01-02 03:04:05 INFO x'
    const { undecided } = look([short, short, short, '2026-01-02 03:04:06 +0100 INFO x'])
    expect(undecided[0]?.why).toContain('there is "2026-01-02 03:04:06 +0100"')
  })

  test('dates within the text of few lines, and offsets in a header', () => {
    const stray = look(['got file of Tue, 26 Nov 2019 01:04:49 GMT', 'a', 'b', 'c'])
    expect(stray.undecided[0]?.why).toContain('only 1 of 4 lines hold a date')
    const header = look(['#GMT-Offset: -0800', '#Fields: date time', '2001-10-31 00:00:18 x'])
    expect(header.text).toContain('zone: -08:00 } # if the times are local')
  })

  test('each guess stands on the line of its key', () => {
    const { text } = look(['Feb 25 16:19:38 h haproxy[1]: x'])
    expect(text).toMatch(/^ {6}layout: rfc3164 # The stamps carry no year/m)
    expect(text).toMatch(/^ {6}zone: UTC # The stamps carry no zone/m)
    const fields = look(['{"start_time":"2026-01-02T03:04:05Z","end_time":"2026-01-02T03:04:06Z"}'])
    expect(fields.text).toMatch(/^ {6}field: start_time # Other fields hold times too: end_time\.$/m)
  })
})
