/** A report for those who close what they were given: it stays open. */
import type { Report } from '../../src/ports/report.ts'

export function sharedReport(report: Report): Report {
  return new Proxy(report, {
    get(target, name) {
      if (name === 'close') return async () => undefined
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
