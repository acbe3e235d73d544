/** Spark gives what the embedded engine gives: for every line, field, expression and partial of many sources. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compareDialects } from './compare-dialects.ts'
import { dialectProbes } from './dialect-probes.ts'

it('agrees with the embedded engine on every probe', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-dialect-'))
  try {
    expect(await compareDialects(dialectProbes(), folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 2_400_000)
