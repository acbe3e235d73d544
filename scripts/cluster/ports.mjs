/** Asks whether a port of this machine is free. */
import { createServer } from 'node:net'

/** Throws an error that names the ports that others hold. */
export async function requireFreePorts(wanted) {
  const taken = []
  for (const { port, owner } of wanted) if (!(await isFree(port))) taken.push(`${port} (for ${owner})`)
  if (taken.length === 0) return
  throw new Error(
    `these ports of 127.0.0.1 are in use by another program: ${taken.join(', ')}. ` +
      'End that program, or set MILLRACE_CLUSTER_PORT_BASE to another first port (18000 if unset)',
  )
}

function isFree(port) {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
