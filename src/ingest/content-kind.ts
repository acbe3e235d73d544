/** Tells from the first bytes of a content whether lines can be read from it. */

export type ContentKind =
  | { readonly kind: 'text' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'binary'; readonly sign: 'a NUL byte' | 'control characters' }
  | { readonly kind: 'compressed'; readonly format: string; readonly command: string }
  | { readonly kind: 'utf16'; readonly encoding: 'UTF-16LE' | 'UTF-16BE' }

/** How many of the first bytes are looked at for a NUL byte. */
export const HEAD_BYTES = 65_536
/** How many of the first bytes are looked at for control characters. */
const DENSE_BYTES = 4096
/** Random bytes have 9 % of those that no text uses. */
const MOST_CONTROLS = 0.05

/** Magic bytes: RFC 1952 (gzip), RFC 8878 (zstd), and the formats' own descriptions. */
const COMPRESSED = [
  { magic: [0x28, 0xb5, 0x2f, 0xfd], format: 'zstd', command: 'zstd -dc' },
  { magic: [0x04, 0x22, 0x4d, 0x18], format: 'lz4', command: 'lz4 -dc' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], format: '7z', command: '7z e -so' },
  { magic: [0x4c, 0x5a, 0x49, 0x50, 0x01], format: 'lzip', command: 'lzip -dc' },
  { magic: [0x1f, 0x9d, 0x90], format: 'compress', command: 'gzip -dc <' },
  { magic: [0x42, 0x5a, 0x68], format: 'bzip2', command: 'bzip2 -dc' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], format: 'xz', command: 'xz -dc' },
  { magic: [0x50, 0x4b, 0x03, 0x04], format: 'zip', command: 'unzip -p' },
  { magic: [0x50, 0x4b, 0x05, 0x06], format: 'zip', command: 'unzip -p' },
] as const
const DEFLATE = { kind: 'compressed', format: 'deflate', command: 'zlib-flate -uncompress <' } as const

export function contentKind(head: Uint8Array): ContentKind {
  if (startsWith(head, [0x1f, 0x8b])) return { kind: 'gzip' }
  for (const { magic, format, command } of COMPRESSED) {
    if (isCompressed(head, magic)) return { kind: 'compressed', format, command }
  }
  if (startsWith(head, [0xff, 0xfe])) return { kind: 'utf16', encoding: 'UTF-16LE' }
  if (startsWith(head, [0xfe, 0xff])) return { kind: 'utf16', encoding: 'UTF-16BE' }
  if (isDeflate(head)) return DEFLATE
  if (head.subarray(0, HEAD_BYTES).includes(0)) return { kind: 'binary', sign: 'a NUL byte' }
  if (isDense(head.subarray(0, DENSE_BYTES))) return { kind: 'binary', sign: 'control characters' }
  return { kind: 'text' }
}

/** A zlib stream (RFC 1950) begins with a letter that a line may begin with, so more than its two bytes must speak for it. */
function isDeflate(head: Uint8Array): boolean {
  const [method = 0, flags = 0] = head
  if (method !== 0x78 || (method * 256 + flags) % 31 !== 0) return false
  return !isUtf8(head.subarray(0, DENSE_BYTES)) || isDense(head.subarray(0, DENSE_BYTES))
}

/** A character that is cut off at the end is no fault. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/**
 * Whether control characters are too many for a text. Tab, line ends, escape and the separators that some logs put
 * between fields (SOH in FIX, 0x1c to 0x1f) are no sign.
 */
function isDense(bytes: Uint8Array): boolean {
  let controls = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte < 0x1b && byte !== 1 && (byte < 9 || byte > 13)) controls++
  }
  return controls > 1 && controls > bytes.length * MOST_CONTROLS
}

/** bzip2's magic is three letters that a log line may begin with; a digit and the block's own magic follow. */
function isCompressed(head: Uint8Array, magic: readonly number[]): boolean {
  if (!startsWith(head, magic)) return false
  return magic.length > 3 || startsWith(head.subarray(4), [0x31, 0x41, 0x59]) || isEmptyBzip2(head)
}

function isEmptyBzip2(head: Uint8Array): boolean {
  return startsWith(head.subarray(4), [0x17, 0x72, 0x45])
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte)
}
