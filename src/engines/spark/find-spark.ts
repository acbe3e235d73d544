/** Where Spark is on this machine, with one clear error when it is not, or too old. */
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../core/error.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const OLDEST = [4, 1] as const

/** The `spark-sql` of the configured home, of SPARK_HOME, or beside the `spark-submit` of the PATH. */
export function findSparkSql(home: string | undefined, env: Environment = process.env): string {
  const named = home ?? env.SPARK_HOME
  const folder = named ? join(resolve(named), 'bin') : folderOnPath('spark-submit', env)
  const program = folder && join(folder, 'spark-sql')
  if (!program || !existsSync(program))
    throw missing(named ? `${named} holds no bin/spark-sql` : 'no spark-submit is on the PATH')
  const version = versionOf(dirname(folder))
  if (version && isOld(version)) throw missing(`${dirname(folder)} is version ${version}`)
  return program
}

/** The folder of a program on the PATH. */
export function folderOnPath(program: string, { PATH = '' }: Environment): string | undefined {
  return PATH.split(delimiter).find((folder) => folder !== '' && existsSync(join(folder, program)))
}

/** As the name of its main jar tells; undefined where jars are kept elsewhere, as a distributor may do. */
function versionOf(home: string): string | undefined {
  const jars = join(home, 'jars')
  if (!existsSync(jars)) return undefined
  const names = readdirSync(jars).map((name) => /^spark-core_[\d.]+-(.+)\.jar$/.exec(name)?.[1])
  return names.find((version) => version !== undefined)
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

function missing(why: string): MillraceError {
  const advice = `Install Spark ${OLDEST.join('.')} or later, and name its folder as \`home\` below \`batch\` or in SPARK_HOME`
  return new MillraceError('BATCH_ENGINE_MISSING', { why: `${why}. ${advice}` })
}
