/**
 * What it costs to start Spark for one query over 1,000 rows, by each way of ADR 0009 in turn:
 * `node bench/spark-start.mjs [--rounds 5] [--minutes 60]`, with SPARK_HOME, and SPARK_MASTER for a standalone master.
 * The JAR with one class needs a JDK; without one that way is left out. Prints medians and ranges.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'

const option = (name, otherwise) =>
  process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : otherwise
const rounds = option('--rounds', 5)
const endMs = Date.now() + option('--minutes', 60) * 60_000
const home = process.env.SPARK_HOME
if (!home) throw new Error('SPARK_HOME has to name the folder of Spark')
const master = process.env.SPARK_MASTER

const QUERY = 'SELECT sum(id * id) FROM range(1000)'
const CLASS = `import org.apache.spark.sql.SparkSession;
public class OneQuery {
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    spark.sql("${QUERY}").collectAsList();
    spark.stop();
  }
}`

const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-start-'))
try {
  const ways = waysToStart()
  const found = ways.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [place, { name, program, args }] of ways.entries()) {
      if (Date.now() > endMs) continue
      const cost = measure(program, args)
      found[place].push(cost)
      console.error(`round ${round + 1}, ${name}: ${cost.elapsed.toFixed(0)} s, ${cost.cpu.toFixed(1)} s`)
    }
  console.log('| way | runs | elapsed | processor | load |\n|---|---|---|---|---|')
  for (const [place, { name }] of ways.entries()) {
    const cells = ['elapsed', 'cpu', 'load'].map((key) =>
      summary(
        found[place].map((cost) => cost[key]),
        key,
      ),
    )
    console.log(`| ${name} | ${found[place].length} | ${cells.join(' | ')} |`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function waysToStart() {
  const sql = join(folder, 'query.sql')
  writeFileSync(sql, `${QUERY};\n`)
  const common = ['--conf', 'spark.sql.catalogImplementation=in-memory', '--driver-memory', '1g']
  const local = ['--master', 'local[2]', ...common]
  const noPage = ['--conf', 'spark.ui.enabled=false']
  const spark = (name, program, args) => ({ name, program: join(home, 'bin', program), args })
  const jar = compile()
  return [
    ...(master
      ? [
          spark('spark-sql -f, standalone, page on', 'spark-sql', [
            '--master',
            master,
            '--executor-memory',
            '1g',
            ...common,
            '-f',
            sql,
          ]),
        ]
      : []),
    spark('spark-sql -f, local[2], page on', 'spark-sql', [...local, '-f', sql]),
    spark('spark-sql -f, local[2], page off', 'spark-sql', [...local, ...noPage, '-f', sql]),
    ...(jar
      ? [
          spark('spark-submit of a JAR, local[2], page on', 'spark-submit', [
            ...local,
            '--class',
            'OneQuery',
            jar,
          ]),
        ]
      : []),
  ]
}

function compile() {
  const source = join(folder, 'OneQuery.java')
  const classes = join(folder, 'classes')
  const jar = join(folder, 'one-query.jar')
  mkdirSync(classes)
  writeFileSync(source, CLASS)
  const compiled = spawnSync('javac', ['-cp', `${home}/jars/*`, '-d', classes, source])
  if (compiled.status !== 0) return undefined
  return spawnSync('jar', ['cf', jar, '-C', classes, '.']).status === 0 ? jar : undefined
}

/** Seconds; the processor's are those of the driver and what it started on this machine, waited for by the shell. */
function measure(program, args) {
  const [load] = loadavg()
  const begun = performance.now()
  const run = spawnSync(
    'bash',
    ['-c', '"$@" >"$0" 2>&1; status=$?; times; exit $status', join(folder, 'log'), program, ...args],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  if (run.status !== 0) throw new Error(`${program} ended with ${run.status}`)
  const ofChildren = run.stdout.trim().split('\n').at(-1).split(' ')
  const cpu = ofChildren.map(
    (time) => Number(time.split('m')[0]) * 60 + Number.parseFloat(time.split('m')[1]),
  )
  return { elapsed: (performance.now() - begun) / 1000, cpu: cpu[0] + cpu[1], load }
}

function summary(values, key) {
  const sorted = [...values].sort((a, b) => a - b)
  const unit = key === 'load' ? '' : ' s'
  if (sorted.length === 0) return '–'
  const show = (value) => value.toFixed(key === 'cpu' ? 1 : 0)
  return `${show(sorted[sorted.length >> 1])}${unit} (${show(sorted[0])}–${show(sorted.at(-1))})`
}
