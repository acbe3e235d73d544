import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { nextCommand } from './next-command.ts'

const dataDir = resolve('.millrace')
const config = './millrace.yaml'

it('names no defaults', () => {
  expect(nextCommand({ config, dataDir }, 'query', 'http.requests')).toBe('millrace query http.requests')
})

it('names the definition and the data folder where they are others, and quotes for a shell', () => {
  expect(nextCommand({ config: 'a b.yaml', dataDir: '/data' }, 'ingest', 'web', `it's.log`)).toBe(
    `millrace --config 'a b.yaml' --data /data ingest web 'it'\\''s.log'`,
  )
})
