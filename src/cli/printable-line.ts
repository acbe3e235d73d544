/** Raw bytes of a line as text that a terminal can show without being driven by it. */

const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Bytes that are no UTF-8 and characters that cannot be seen become `\xNN`; past `limit` characters it is cut. */
export function printableLine(raw: Uint8Array, limit: number): string {
  const start = Buffer.from(raw.subarray(0, limit * 4 + 4))
  const shown = splitValid(start).map(escapeControls).join('')
  const characters = [...shown]
  const isCut = characters.length > limit || raw.length > start.length
  return isCut ? `${characters.slice(0, limit).join('')}… (${raw.length} bytes)` : shown
}

/** Valid stretches as they are, each other byte escaped. */
function splitValid(bytes: Buffer): string[] {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at)
    parts.push(length > 0 ? bytes.toString('utf8', at, at + length) : escapeByte(bytes[at]!))
    at += Math.max(length, 1)
  }
  return parts
}

/** Bytes of the character at `at`, 0 when there is none; Node's decoder knows the rules. */
function validLength(bytes: Buffer, at: number): number {
  const lead = bytes[at]!
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  const text = bytes.toString('utf8', at, at + length)
  return Buffer.from(text).equals(bytes.subarray(at, at + length)) ? length : 0
}

function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => [...Buffer.from(character)].map(escapeByte).join(''))
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** The whole line as text, or undefined when it is not UTF-8. */
export function exactText(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)
  } catch {
    return undefined
  }
}
