/** Which Java Spark will run on, and that it is new enough. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError } from '../../core/error.ts'
import { type Environment, folderOnPath } from './find-spark.ts'

const OLDEST = 17

/** Spark's scripts look in the same two places, but say little when Java is in neither, or old. */
export function checkJava(env: Environment = process.env): void {
  const home = env.JAVA_HOME
  const folder = home ? join(home, 'bin') : folderOnPath('java', env)
  const program = folder && join(folder, 'java')
  if (!program || !existsSync(program))
    throw missing(home ? `JAVA_HOME is ${home}, which holds no bin/java` : 'no java is on the PATH')
  const version = versionOf(program)
  const major = version && majorOf(version)
  if (!major) throw missing(`${program} does not tell its version`)
  if (major < OLDEST) throw missing(`${program} is Java ${version}`)
}

/** `17.0.9` → 17; up to Java 8 the first number is 1: `1.8.0_392` → 8. */
export function majorOf(version: string): number {
  return Number(/^(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0)
}

/** Most Javas have a file that tells, which is faster than to start one. */
function versionOf(program: string): string | undefined {
  const release = join(dirname(dirname(realpathSync(program))), 'release')
  if (existsSync(release)) {
    const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, 'utf8'))?.[1]
    if (version) return version
  }
  const { stderr } = spawnSync(program, ['-version'], { encoding: 'utf8', timeout: 20_000 })
  return /version "([^"]+)"/.exec(stderr ?? '')?.[1]
}

function missing(why: string): MillraceError {
  return new MillraceError('BATCH_JAVA_MISSING', { why })
}
