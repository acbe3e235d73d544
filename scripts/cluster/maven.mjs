/** Fetches jars by Maven, which compares each with the checksum of its repository. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './run-program.mjs'

/**
 * Copies the jars into `folder`/`library`. A dependency is `group:artifact:version`; `isAlone` leaves out the jars
 * that it depends on itself.
 */
export function fetchJars(title, folder, library, dependencies, isAlone = false) {
  const pom = join(folder, 'pom.xml')
  writeFileSync(pom, printPom(dependencies, isAlone))
  const args = ['-B', '-q', '-f', pom, 'dependency:copy-dependencies']
  runProgram(`${title} could not be fetched`, 'mvn', [...args, `-DoutputDirectory=${join(folder, library)}`])
  rmSync(pom)
}

function printPom(dependencies, isAlone) {
  const exclusions = isAlone
    ? '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
    : ''
  const list = dependencies.map((dependency) => {
    const [group, artifact, version] = dependency.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${exclusions}</dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>engines</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${list.join('\n    ')}
  </dependencies>
</project>
`
}
