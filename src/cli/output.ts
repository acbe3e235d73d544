/** Results go to stdout, everything said to people goes to stderr. */

/** A closed pipe (`| head`) ends the program quietly; any other failure to write is told. */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    say(`millrace: Cannot write the result: ${error.message}.`)
    process.exit(1)
  })
  process.stderr.on('error', () => undefined)
}

/** Resolves when the text has been handed to the system. */
export function writeOut(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

const CHUNK_LENGTH = 65_536

/** Writes parts as they are made, waiting for a slow reader, so that a large result needs little memory. */
export async function writeAll(parts: Iterable<string>): Promise<void> {
  let text = ''
  for (const part of parts) {
    text += part
    if (text.length < CHUNK_LENGTH) continue
    await writeOut(text)
    text = ''
  }
  await writeOut(text)
}

/** One JSON value on one line; exact integers beyond 2^53 become text. */
export function writeJson(value: unknown): Promise<void> {
  return writeOut(`${JSON.stringify(value, replaceBigint)}\n`)
}

function replaceBigint(_key: string, item: unknown): unknown {
  if (typeof item !== 'bigint') return item
  const number = Number(item)
  return Number.isSafeInteger(number) ? number : item.toString()
}

/** One message to people. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Follows NO_COLOR (no-color.org) and FORCE_COLOR; otherwise a terminal gets colours. */
export function usesColor(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false
  return Boolean(process.env.FORCE_COLOR) || (stream.isTTY && process.env.TERM !== 'dumb')
}
