/** Builds dist after `npm ci`; leaves it alone where the development tools were left out (`--omit=dev`). */
import { existsSync } from 'node:fs'
import { build, root } from './build.mjs'

if (existsSync(`${root}node_modules/tsdown`)) process.exitCode = build()
else console.error('prepare: the build tools are not installed, so dist was not built')
