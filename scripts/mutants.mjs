/**
 * `npm run mutants`: plants each fault of test/mutants/planted in a copy of the code, one by one, runs the tests near it
 * and prints which faults no test saw. Arguments are parts of names or files: `npm run mutants -- log`. `--write` keeps
 * the table in docs/evidence/mutants.md; `--workers N` sets how many run side by side, and `--no-controls` takes the tests for sound,
 * where they have just passed. The last line is
 * `N passed, N failed`, where a fault that some test saw has passed.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { root } from './build.mjs'
import { copyTree } from './mutants/copy-tree.mjs'
import { printEvidence } from './mutants/print-evidence.mjs'
import { readPlanted } from './mutants/read-planted.mjs'
import { runNear } from './mutants/run-near.mjs'

const args = process.argv.slice(2)
const isWriting = args.includes('--write')
const workersAt = args.indexOf('--workers')
const workers = workersAt < 0 ? 2 : Number(args[workersAt + 1])
const parts = args.filter((arg, place) => !arg.startsWith('--') && (workersAt < 0 || place !== workersAt + 1))

const all = await readPlanted(root)
const chosen = all.filter(({ fault, file }) =>
  parts.length > 0 ? parts.some((part) => fault.includes(part) || file.includes(part)) : true,
)
const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim()
console.log(`mutants: ${chosen.length} of ${all.length} faults on ${commit}`)

const trees = Array.from({ length: workers }, (_, place) => copyTree(root, place))
try {
  process.exitCode = (await main()) ? 0 : 1
} finally {
  for (const tree of trees) tree.remove()
}

async function main() {
  const broken = args.includes('--no-controls') ? [] : await runControls()
  if (broken.length > 0) {
    for (const tests of broken) console.log(`These tests fail without any fault: ${tests}`)
    console.log(`0 passed, ${broken.length} failed`)
    return false
  }
  const results = await each(chosen, async (planted, tree) => {
    const source = tree.read(planted.file)
    tree.write(
      planted.file,
      source.replace(planted.from, () => planted.to),
    )
    const started = Date.now()
    const { isSeen, by } = await runNear(tree.path, planted.tests)
    tree.write(planted.file, source)
    const seconds = Math.round((Date.now() - started) / 1000)
    console.log(`${isSeen ? 'seen    ' : 'SURVIVED'} ${planted.fault} (${seconds} s)${by ? `: ${by}` : ''}`)
    return { ...planted, isSeen, by, seconds }
  })
  const survivors = results.filter(({ isSeen, survives }) => !isSeen && !survives)
  const excused = results.filter(({ isSeen, survives }) => !isSeen && survives)
  if (isWriting) writeFileSync(`${root}docs/evidence/mutants.md`, printEvidence(results, commit))
  for (const { fault, survives } of excused) console.log(`survives with a reason: ${fault}: ${survives}`)
  for (const { fault, file } of survivors) console.log(`no test saw: ${fault} (${file})`)
  console.log(`${results.length - survivors.length} passed, ${survivors.length} failed`)
  return survivors.length === 0
}

/** A fault counts as seen only by tests that pass without it. */
async function runControls() {
  const lists = new Map(chosen.map(({ tests }) => [tests.join(' '), tests]))
  const failing = await each([...lists], async ([name, tests], tree) => {
    const { isSeen, by } = await runNear(tree.path, tests)
    return isSeen ? [`${name}: ${by}`] : []
  })
  return failing.flat()
}

/** Each item in turn by whichever copy is free; results in the order of the items. */
async function each(items, work) {
  const results = []
  let next = 0
  const take = async (tree) => {
    while (next < items.length) {
      const place = next++
      results[place] = await work(items[place], tree)
    }
  }
  await Promise.all(trees.map(take))
  return results
}
