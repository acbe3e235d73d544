/** Gets one package by pip, which refuses it when it has another SHA-256. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPip } from './required-tools.mjs'
import { runProgram } from './run-program.mjs'

/** `requirement` names package and version, such as `pyspark==4.1.4`; its file is left in `folder`. */
export function downloadPackage(title, folder, requirement, sha256) {
  runPip(title, folder, { requirement, sha256 }, ['download', '--dest', folder])
}

/** Leaves the package's files in `folder`. */
export function installPackage(title, folder, requirement, sha256) {
  runPip(title, folder, { requirement, sha256 }, ['install', '--no-compile', '--target', folder])
}

function runPip(title, folder, { requirement, sha256 }, command) {
  mkdirSync(folder)
  const wanted = join(folder, 'requirements.txt')
  writeFileSync(wanted, `${requirement} --hash=sha256:${sha256}\n`)
  const [program, ...args] = findPip()
  const options = ['--quiet', '--no-deps', '--require-hashes', '--requirement', wanted]
  runProgram(`${title} could not be fetched`, program, [...args, ...command, ...options])
}
