/** What a record's value is as lines: cut at newlines as a file would be, and at least one line, be it empty. */

const NEWLINE = Buffer.from('\n')

/** Buffers that together are whole lines, each ended by a newline. */
export function linesOf(value: Buffer): Buffer[] {
  return value[value.length - 1] === 0x0a ? [value] : [value, NEWLINE]
}

export function countLines(value: Buffer): number {
  let lines = value[value.length - 1] === 0x0a ? 0 : 1
  for (let at = value.indexOf(0x0a); at >= 0; at = value.indexOf(0x0a, at + 1)) lines++
  return lines
}
