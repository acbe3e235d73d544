/** Where Spark and Java are on this machine, with one clear error when they are not. */
import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../core/error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The `spark-sql` of the configured home, of SPARK_HOME, or beside the `spark-submit` of the PATH. */
export function findSparkSql(home: string | undefined, env: Environment = process.env): string {
  const named = home ?? env.SPARK_HOME
  const folder = named ? join(resolve(named), 'bin') : folderOf('spark-submit', env)
  const program = folder && join(folder, 'spark-sql')
  if (program && existsSync(program)) return program
  const why = named ? `${named} holds no bin/spark-sql` : 'no spark-submit is on the PATH'
  throw new MillraceError('BATCH_ENGINE_MISSING', {
    why: `${why}. Install Spark 4.1 or later, and name its folder as \`home\` below \`batch\` or in SPARK_HOME`,
  })
}

/** Spark's scripts look for Java in the same two places, but say little when it is in neither. */
export function checkJava(env: Environment = process.env): void {
  const home = env.JAVA_HOME
  if (home ? existsSync(join(home, 'bin', 'java')) : folderOf('java', env)) return
  const why = home ? `JAVA_HOME is ${home}, which holds no bin/java` : 'no java is on the PATH'
  throw new MillraceError('BATCH_JAVA_MISSING', { why })
}

function folderOf(program: string, { PATH = '' }: Environment): string | undefined {
  const path = PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((candidate) => existsSync(candidate))
  return path && dirname(path)
}
