/** The programs that the cluster needs from the machine, with what to do where one is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const OLDEST_JAVA = 17
/** Java 24 took away what Hadoop 3.4 finds its user with (JEP 486). */
const FIRST_UNFIT_JAVA = 24

const HOW_TO_GET = {
  mvn: 'Maven, which fetches Hadoop, Kafka and a part of Flink: Debian and Ubuntu have it as "maven", Homebrew as "maven"',
  pip: 'pip, which fetches Spark and Flink: Debian and Ubuntu have it as "python3-pip"',
  npm: 'npm, which comes with Node.js',
  tar: 'tar',
}

/** Throws one error that names all that are missing. */
export function requireTools(tools) {
  const missing = tools.filter((tool) => (tool === 'pip' ? !findPip() : !findProgram(tool)))
  if (missing.length === 0) return
  const lines = missing.map((tool) => `\n  ${tool}: install ${HOW_TO_GET[tool]}`)
  throw new Error(`these programs are needed on the PATH:${lines.join('')}`)
}

/** The command that runs pip, as a list; undefined where there is none. */
export function findPip() {
  const candidates = [['python3', '-m', 'pip'], ['pip3'], ['pip']]
  return candidates.find(([program, ...args]) => runsWell(program, [...args, '--version']))
}

/** JAVA_HOME, or the home of the `java` on the PATH. */
export function findJavaHome(env = process.env) {
  const program = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin/java') : findProgram('java', env)
  const advice =
    'Install Java 17 or 21 (Debian and Ubuntu: "openjdk-17-jre-headless"), or set JAVA_HOME to it'
  if (!program || !existsSync(program))
    throw new Error(
      `Java was not found ${env.JAVA_HOME ? `in JAVA_HOME (${env.JAVA_HOME})` : 'on the PATH'}. ${advice}`,
    )
  const home = javaProperty(program, 'java.home') ?? dirname(dirname(realpathSync(program)))
  const version = Number(javaProperty(program, 'java.specification.version'))
  if (version >= OLDEST_JAVA && version < FIRST_UNFIT_JAVA) return home
  throw new Error(
    `${program} is Java ${version || 'of an unknown version'}; the engines need 17 or newer and older than ${FIRST_UNFIT_JAVA}. ${advice}`,
  )
}

/** Java prints its properties to standard error, one to a line. */
function javaProperty(program, name) {
  const { stderr } = spawnSync(program, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' })
  return new RegExp(`^\\s*${name.replaceAll('.', '\\.')} = (.*)$`, 'm').exec(stderr ?? '')?.[1]
}

function findProgram(name, { PATH = '' } = process.env) {
  return PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

function runsWell(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
