/** Reads the definition's schema along a path: which keys are known there, and which examples it gives. */
import { z } from 'zod'
import { definitionSchema } from './definition-schema.ts'
import type { Path } from './diagnostic.ts'

/** Names of the keys that a mapping at the path may have. */
export function keysAt(path: Path): string[] {
  const objects = schemasAt(path).filter((schema) => schema instanceof z.ZodObject)
  return [...new Set(objects.flatMap((schema) => Object.keys(schema.shape)))].filter(
    (key) => key !== '$schema',
  )
}

/** Values that the schema gives as examples for the path. */
export function examplesAt(path: Path): unknown[] {
  return schemasAt(path).flatMap((schema) => (z.globalRegistry.get(schema)?.examples as unknown[]) ?? [])
}

function schemasAt(path: Path): z.core.$ZodType[] {
  let schemas = unwrap(definitionSchema)
  for (const key of path)
    schemas = schemas.flatMap((schema) => childrenOf(schema, String(key)).flatMap(unwrap))
  return schemas
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return [schema, ...unwrap(schema.unwrap())]
  if (schema instanceof z.ZodUnion) return [schema, ...schema.options.flatMap((option) => unwrap(option))]
  return [schema]
}

function childrenOf(schema: z.core.$ZodType, key: string): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? [schema.shape[key]] : []
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return schema instanceof z.ZodArray ? [schema.element] : []
}
