/** JSON lines: one object a line, read by one parse whatever the number of fields. */
import type { Reading, ReadRequest } from './line-reader.ts'

export function readJson({ stages, dialect, paths }: ReadRequest<{ readonly kind: 'json' }>): Reading {
  const { json, item } = dialect.parse
  for (const columns of json.prepare?.('line', paths) ?? []) stages.add(columns)
  stages.add({ parsed: json.parse('line') })
  stages.add({ texts: json.texts('parsed', paths) })
  // Only such a key could be taken for a place in an array.
  const mayBeIndex = paths.some(([key]) => /^\d+$/.test(key ?? ''))
  return {
    reasons: [
      { when: 'parsed IS NULL', reason: 'invalid_json', isTimeless: true },
      { when: `NOT ${json.isObject('line')}`, reason: 'not_an_object', isTimeless: !mayBeIndex },
    ],
    text: (place) => item('texts', place + 1),
    nullTexts: [],
    isOdd: (place, text) => json.isOdd('line', paths[place]!, text, place),
  }
}
