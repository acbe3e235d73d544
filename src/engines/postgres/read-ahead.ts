/** Lines made before they are asked for, so that this machine works while the server does something else. */
import type { Lines } from '../../ports/staged-text.ts'

/** Begins at once. Keeps `mostBytes` and a piece; an error comes where its piece would have come. */
export function readAhead(lines: Lines, mostBytes: number): Lines {
  const source = lines[Symbol.asyncIterator]()
  const ready: Uint8Array[] = []
  let bytes = 0
  let state: { readonly error?: unknown; readonly isEnded: boolean } = { isEnded: false }
  let wake: () => void = () => undefined
  const pause = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })

  async function fill(): Promise<void> {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        ready.push(next.value)
        bytes += next.value.length
        wake()
        while (bytes > mostBytes) await pause()
      }
      state = { isEnded: true }
    } catch (error) {
      state = { error, isEnded: true }
    }
    wake()
  }

  void fill()
  return (async function* () {
    for (;;) {
      const piece = ready.shift()
      if (piece) {
        bytes -= piece.length
        wake()
        yield piece
      } else if (state.isEnded) {
        if (state.error !== undefined) throw state.error
        return
      } else await pause()
    }
  })()
}
