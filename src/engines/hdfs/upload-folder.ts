/** What one writer has on its way: files that get their name by a rename when they are whole. */
import type { RemoteFolder } from './remote-folder.ts'
import type { Storing } from './upload-block.ts'
import type { WebHdfs } from './web-hdfs.ts'

export class UploadFolder {
  readonly path: string
  readonly #hdfs: WebHdfs
  readonly #storing: Storing
  #files = 0

  constructor(hdfs: WebHdfs, { uploads }: RemoteFolder, token: string, storing: Storing) {
    this.path = `${uploads}/${token}`
    this.#hdfs = hdfs
    this.#storing = storing
  }

  /** Gives the path of a new file that holds the text. */
  async put(text: string): Promise<string> {
    const path = `${this.path}/${this.#files++}.json`
    await this.#hdfs.createText(path, text, this.#storing)
    return path
  }

  async remove(): Promise<void> {
    await this.#hdfs.remove(this.path)
  }
}
