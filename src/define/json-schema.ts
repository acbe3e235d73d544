/** The JSON Schema of a definition, from which editors complete, explain and check. */
import { z } from 'zod'
import { definitionSchema } from './definition-schema.ts'

/** JSON Schema 2020-12, as text; schema/millrace.schema.json holds it. */
export function definitionJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(definitionSchema, { target: 'draft-2020-12', io: 'input' })
  return `${JSON.stringify({ $schema, ...schema }, undefined, 2)}\n`
}
