/** Where the report of an order lies, how it is kept aside and put back. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import type { Report } from '../../src/ports/report.ts'

export interface ReportStore {
  open(): Promise<Report>
  /** As it is, be there one or not. Nobody has it open. */
  keep(name: string): Promise<void>
  /** None, where none was kept under the name. */
  putBack(name: string): Promise<void>
}

/** `report.duckdb` in the data folder. */
export class FileStore implements ReportStore {
  readonly #dataDir: string
  readonly #kept: string

  constructor(dataDir: string, kept: string) {
    this.#dataDir = dataDir
    this.#kept = kept
    mkdirSync(kept, { recursive: true })
  }

  open(): Promise<Report> {
    return openDuckdbReport(this.#dataDir, 'write')
  }

  async keep(name: string): Promise<void> {
    const path = join(this.#dataDir, 'report.duckdb')
    if (existsSync(path)) cpSync(path, join(this.#kept, name))
  }

  async putBack(name: string): Promise<void> {
    const path = join(this.#dataDir, 'report.duckdb')
    for (const file of [path, `${path}.wal`]) rmSync(file, { force: true })
    if (existsSync(join(this.#kept, name))) cpSync(join(this.#kept, name), path)
  }
}
