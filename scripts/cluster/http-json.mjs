/** Asks an engine's page for programs. */

const PATIENCE_MS = 10_000

/** Throws when nobody answers, or not with JSON and a good status. */
export async function fetchJson(url, method = 'GET') {
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
  return answer.json()
}
