/** Tells versions of metrics apart. */
export function versionKey(metric: string, version: string): string {
  return `${version} ${metric}`
}
