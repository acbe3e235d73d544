/** Tells from a file's first bytes whether lines can be read from it. */

export type ContentKind =
  | { readonly kind: 'text' | 'gzip' | 'binary' }
  | { readonly kind: 'compressed'; readonly format: string; readonly command: string }
  | { readonly kind: 'utf16'; readonly encoding: 'UTF-16LE' | 'UTF-16BE' }

/** How many of the first bytes are looked at for a NUL byte. */
export const HEAD_BYTES = 65_536

/** Magic bytes: RFC 1952 (gzip), RFC 8878 (zstd), and the formats' own descriptions. */
const COMPRESSED = [
  { magic: [0x28, 0xb5, 0x2f, 0xfd], format: 'zstd', command: 'zstd -dc' },
  { magic: [0x42, 0x5a, 0x68], format: 'bzip2', command: 'bzip2 -dc' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], format: 'xz', command: 'xz -dc' },
  { magic: [0x50, 0x4b, 0x03, 0x04], format: 'zip', command: 'unzip -p' },
] as const

export function contentKind(head: Uint8Array): ContentKind {
  if (startsWith(head, [0x1f, 0x8b])) return { kind: 'gzip' }
  for (const { magic, format, command } of COMPRESSED) {
    if (isCompressed(head, magic)) return { kind: 'compressed', format, command }
  }
  if (startsWith(head, [0xff, 0xfe])) return { kind: 'utf16', encoding: 'UTF-16LE' }
  if (startsWith(head, [0xfe, 0xff])) return { kind: 'utf16', encoding: 'UTF-16BE' }
  return { kind: head.subarray(0, HEAD_BYTES).includes(0) ? 'binary' : 'text' }
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
