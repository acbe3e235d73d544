import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkJava, majorOf } from './find-java.ts'
import { findSparkSql } from './find-spark.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-find-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function makeSpark(version: string): string {
  const home = join(root, `spark-${version}`)
  for (const folder of ['bin', 'jars']) mkdirSync(join(home, folder), { recursive: true })
  for (const program of ['spark-sql', 'spark-submit']) writeFileSync(join(home, 'bin', program), '')
  writeFileSync(join(home, `jars/spark-core_2.13-${version}.jar`), '')
  return home
}

/** A Java that tells its version by its release file, or only when it is run. */
function makeJava(version: string, hasFile: boolean): string {
  const home = join(root, `java-${version}-${hasFile}`)
  mkdirSync(join(home, 'bin'), { recursive: true })
  const program = join(home, 'bin/java')
  writeFileSync(program, `#!/bin/sh\necho 'openjdk version "${version}" 2024-01-01' >&2\n`)
  chmodSync(program, 0o755)
  if (hasFile) writeFileSync(join(home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`)
  return home
}

it('takes the home that is configured before SPARK_HOME, and that before the PATH', () => {
  const [a, b] = [makeSpark('4.1.4'), makeSpark('4.2.0')]
  expect(findSparkSql(a, { SPARK_HOME: b })).toBe(join(a, 'bin/spark-sql'))
  expect(findSparkSql(undefined, { SPARK_HOME: b })).toBe(join(b, 'bin/spark-sql'))
  expect(findSparkSql(undefined, { PATH: `/nowhere:${join(a, 'bin')}` })).toBe(join(a, 'bin/spark-sql'))
})

it('says where it looked in vain, and which version is too old', () => {
  expect(() => findSparkSql('/nowhere', {})).toThrow('/nowhere holds no bin/spark-sql')
  expect(() => findSparkSql(undefined, { PATH: '/nowhere' })).toThrow('no spark-submit is on the PATH')
  expect(() => findSparkSql(makeSpark('3.5.1'), {})).toThrow('is version 3.5.1. Install Spark 4.1 or later')
  expect(() => findSparkSql(makeSpark('4.0.0'), {})).toThrow('4.0.0')
})

it.each([true, false])('names the version of a Java that is too old; release file: %s', (hasFile) => {
  expect(() => checkJava({ JAVA_HOME: makeJava('17.0.9', hasFile) })).not.toThrow()
  expect(() => checkJava({ JAVA_HOME: makeJava('21', hasFile) })).not.toThrow()
  expect(() => checkJava({ JAVA_HOME: makeJava('11.0.22', hasFile) })).toThrow('is Java 11.0.22')
  expect(() => checkJava({ JAVA_HOME: makeJava('1.8.0_392', hasFile) })).toThrow('is Java 1.8.0_392')
})

it('says where it looked for Java', () => {
  expect(() => checkJava({ JAVA_HOME: '/nowhere' })).toThrow('JAVA_HOME is /nowhere')
  expect(() => checkJava({ PATH: '/nowhere' })).toThrow('no java is on the PATH')
  expect(() => checkJava({ PATH: join(makeJava('17', false), 'bin') })).not.toThrow()
})

it('reads version numbers of old and new form', () => {
  expect(['17', '17.0.9', '1.8.0_392', '21-ea', 'x'].map(majorOf)).toEqual([17, 17, 8, 21, 0])
})
