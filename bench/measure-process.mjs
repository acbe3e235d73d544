/** Runs a command and tells how long it took and how much memory it and its children held at most. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

const SAMPLE_MS = 50

/** `peakMb` is the greatest sum of resident memory (VmRSS) over the process tree at any sample; Linux only. */
export async function measureProcess(args) {
  const started = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let peakKb = 0
  const timer = setInterval(() => {
    peakKb = Math.max(peakKb, treeResidentKb(child.pid))
  }, SAMPLE_MS)
  const output = { stdout: [], stderr: [] }
  child.stdout.on('data', (bytes) => output.stdout.push(bytes))
  child.stderr.on('data', (bytes) => output.stderr.push(bytes))
  const [status] = await once(child, 'close')
  clearInterval(timer)
  if (status !== 0)
    throw new Error(`${args.join(' ')} ended with status ${status}: ${Buffer.concat(output.stderr)}`)
  return {
    wallMs: performance.now() - started,
    peakMb: Math.round(peakKb / 1024),
    stdout: Buffer.concat(output.stdout).toString(),
  }
}

function treeResidentKb(root) {
  const tree = new Set([root])
  const statuses = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readStatus)
  for (let size = 0; size !== tree.size; ) {
    size = tree.size
    for (const { pid, parent } of statuses) if (tree.has(parent)) tree.add(pid)
  }
  return statuses.filter(({ pid }) => tree.has(pid)).reduce((sum, { residentKb }) => sum + residentKb, 0)
}

function readStatus(name) {
  try {
    const text = readFileSync(`/proc/${name}/status`, 'utf8')
    const value = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    return { pid: Number(name), parent: value('PPid'), residentKb: value('VmRSS') }
  } catch {
    return { pid: 0, parent: 0, residentKb: 0 }
  }
}
