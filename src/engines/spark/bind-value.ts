/** A name for a value inside one expression. */

/** `body` sees `value`, which is computed once, as `name`. */
export function bindValue(value: string, name: string, body: string): string {
  return `transform(array(${value}), ${name} -> ${body})[0]`
}
