/** A reporter of vitest that writes what each file took, hooks included, into the file that MILLRACE_BUDGET names. */
import { writeFileSync } from 'node:fs'

export default class BudgetReporter {
  #files = []

  onTestModuleEnd(module) {
    const { collectDuration, duration, setupDuration } = module.diagnostic()
    this.#files.push({ path: module.moduleId, seconds: (collectDuration + setupDuration + duration) / 1000 })
  }

  onTestRunEnd() {
    const path = process.env.MILLRACE_BUDGET
    if (path) writeFileSync(path, JSON.stringify(this.#files))
  }
}
