/** JSONTestSuite: which texts are JSON. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { reasonsOf } from '../formats/parse-lines.ts'
import { type Outcome, reportOutcomes, suiteFolder } from './vectors.ts'

const folder = suiteFolder('jsontestsuite')

describe.skipIf(!folder)(`JSONTestSuite${folder ? '' : ' (SKIPPED: vectors absent)'}`, () => {
  const files = folder ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  /** A line is an object, so every text stands as the value of a key; a text may not end the line itself. */
  const lineOf = (name: string) =>
    Buffer.concat([
      Buffer.from('{"ts":"2026-01-01T00:00:00Z","v":'),
      readFileSync(join(folder!, name)),
      Buffer.from('}'),
    ])

  const run = async (kind: string) => {
    const names = files.filter((name) => name.startsWith(kind))
    const reasons = await reasonsOf({ format: { kind: 'json' } }, names.map(lineOf))
    return names.map((name, i) => ({ name, reason: reasons[i]! }))
  }

  it('takes every y_ text', async () => {
    const outcomes = (await run('y_')).map(
      ({ name, reason }): Outcome => ({ vector: name, reason: reason === 'ok' ? undefined : reason }),
    )
    const { passed, other } = reportOutcomes('JSONTestSuite, to be taken', outcomes)
    expect([passed, other]).toEqual([
      46,
      [expect.stringContaining('y_string_null_escape.json: invalid_json')],
    ])
  })

  it('rejects every n_ text', async () => {
    const outcomes = (await run('n_')).map(
      ({ name, reason }): Outcome => ({ vector: name, reason: reason === 'ok' ? 'taken' : undefined }),
    )
    const { passed, other } = reportOutcomes('JSONTestSuite, to be rejected', outcomes)
    // NaN is a field error, not a fault of the line, and this field is not used.
    expect([passed, other]).toEqual([93, ['n_number_NaN.json: taken']])
  })

  it('states what becomes of each i_ text', async () => {
    const outcomes = (await run('i_')).map(({ name, reason }): Outcome => ({ vector: name, reason }))
    reportOutcomes('JSONTestSuite, left to the parser', outcomes)
    expect(outcomes.map(({ vector, reason }) => `${vector} ${reason}`)).toMatchInlineSnapshot(`
      [
        "i_number_double_huge_neg_exp.json ok",
        "i_number_neg_int_huge_exp.json ok",
        "i_number_real_neg_overflow.json ok",
        "i_number_real_underflow.json ok",
        "i_number_too_big_pos_int.json ok",
        "i_object_key_lone_2nd_surrogate.json invalid_json",
        "i_string_1st_valid_surrogate_2nd_invalid.json invalid_json",
        "i_string_UTF-8_invalid_sequence.json invalid_utf8",
        "i_string_incomplete_surrogate_and_escape_valid.json invalid_json",
        "i_string_incomplete_surrogates_escape_valid.json invalid_json",
        "i_string_invalid_surrogate.json invalid_json",
        "i_string_inverted_surrogates_U+1D11E.json invalid_json",
        "i_string_lone_second_surrogate.json invalid_json",
        "i_string_not_in_unicode_range.json invalid_utf8",
        "i_string_overlong_sequence_6_bytes.json invalid_utf8",
        "i_string_truncated-utf-8.json invalid_utf8",
        "i_string_utf16LE_no_BOM.json invalid_utf8",
        "i_structure_UTF-8_BOM_empty_object.json invalid_json",
      ]
    `)
  })
})
