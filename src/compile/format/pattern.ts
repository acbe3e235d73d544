/** Lines that match a regular expression as a whole; its named groups are the fields. */
import { checkRegex } from '../../expression/regex.ts'
import { keepGroups, namedGroups } from './capture-groups.ts'
import { type Reading, type ReadRequest, unlessMatched } from './line-reader.ts'

export function readPattern(
  request: ReadRequest<{ readonly kind: 'pattern'; readonly regex: string }>,
): Reading {
  const { stages, dialect, format, paths } = request
  const pattern = checkRegex(format.regex).normalised ?? format.regex
  const known = namedGroups(pattern)
  const wanted = [...known.entries()].filter(([name]) => paths.some(([first]) => first === name))
  const kept = wanted.map(([, number]) => number).sort((a, b) => a - b)
  const regex = `\\A(${keepGroups(pattern, kept)})\\z`
  const columns = kept.map((number) => `g${number}`)
  const names = ['whole', ...columns]
  stages.add({ found: dialect.parse.groups('line', regex, names) })
  return {
    reasons: unlessMatched(`${dialect.parse.group('found', 'whole', names)} <> ''`),
    text: (place) => {
      const number = known.get(paths[place]![0]!)
      if (number === undefined) throw new RangeError(`the pattern has no group ${paths[place]![0]}`)
      return dialect.parse.group('found', `g${number}`, names)
    },
    nullTexts: [],
  }
}
