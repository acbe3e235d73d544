/** A database of a test's own in the cluster's PostgreSQL, and the backup of it that an operator puts back. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { clusterAddress } from './cluster-addresses.ts'

export class OwnDatabase {
  readonly #name = `own_${randomUUID().slice(0, 8)}`

  static async make(): Promise<OwnDatabase> {
    const own = new OwnDatabase()
    await own.#order(`create database ${own.#name} owner millrace`)
    return own
  }

  get url(): string {
    const url = new URL(clusterAddress('postgres').url)
    url.pathname = this.#name
    return url.href
  }

  /** Nobody may be connected meanwhile. */
  async backUp(): Promise<void> {
    await this.#order(`create database ${this.#name}_copy template ${this.#name} owner millrace`)
  }

  /** The backup stays, for another time. */
  async putBack(): Promise<void> {
    await this.#order(`drop database ${this.#name}`)
    await this.#order(`create database ${this.#name} template ${this.#name}_copy owner millrace`)
  }

  async #order(sql: string): Promise<void> {
    const client = new pg.Client(clusterAddress('postgres').adminUrl)
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
}
