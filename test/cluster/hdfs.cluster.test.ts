/** The archive in HDFS keeps the contract, on a real NameNode and three DataNodes. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HdfsArchive } from '../../src/engines/hdfs/archive.ts'
import { HdfsClient } from '../../src/engines/hdfs/hdfs-client.ts'
import { WebHdfs } from '../../src/engines/hdfs/web-hdfs.ts'
import { describeArchive } from '../contract/archive.contract.ts'
import { clusterAddress } from './cluster-addresses.ts'

const { http: address, user } = clusterAddress('hdfs')
const limits = { pieceBytes: 256, blockBytes: 1024 }

describeArchive('hdfs', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace hdfs '))
  const path = `/test ${randomBytes(4).toString('hex')}`
  return {
    open: () => new HdfsArchive({ address, path, dataDir, limits, user }),
    remove: async () => {
      await new WebHdfs(new HdfsClient({ address, user })).remove(path)
      await rm(dataDir, { recursive: true })
    },
  }
})
