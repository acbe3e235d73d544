#!/usr/bin/env node
import('../dist/cli/main.js').catch((error) => {
  console.error(
    `millrace: Cannot start: ${error.message}\nIn a clone of the repository, run \`npm ci\` first.`,
  )
  process.exitCode = 1
})
