/** Which job counts a source, as the data folder remembers it. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { realDisk, replaceFiles } from '../../archive/disk.ts'

export interface FlinkDeployment {
  /** In each row of the job, and in no row of another one that began elsewhere. */
  readonly id: string
  /** Absent from before the job is started until it has, which may have been cut off in between. */
  readonly jobId?: string
  /** See print-job.ts. */
  readonly meaning: string
  readonly chunkMs: number
  /** Chunks below it began before the job did. */
  readonly sinceChunk: number
  readonly topic: string
  readonly partialsTopic: string
  readonly deployedMs: number
  /** The job was stopped, and its state lies there. */
  readonly savepoint?: string
}

export class Deployments {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'flink')
  }

  async read(source: string): Promise<FlinkDeployment | undefined> {
    const text = await readFile(join(this.#folder, fileOf(source)), 'utf8').catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      },
    )
    return text === undefined ? undefined : (JSON.parse(text) as FlinkDeployment)
  }

  /** The job goes on by the old name of its source until it is upgraded or stopped. */
  async rename(from: string, to: string): Promise<void> {
    const held = await this.read(from)
    if (!held || (await this.read(to))) return
    await this.write(to, held)
    await this.write(from, undefined)
  }

  /** Undefined forgets it. */
  async write(source: string, deployment: FlinkDeployment | undefined): Promise<void> {
    if (!deployment) return rm(join(this.#folder, fileOf(source)), { force: true })
    await realDisk.makeFolder(this.#folder)
    await replaceFiles(realDisk, this.#folder, [fileOf(source)], `${JSON.stringify(deployment, null, 2)}\n`)
  }
}

function fileOf(source: string): string {
  return `${source}.json`
}
