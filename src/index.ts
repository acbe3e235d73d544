/** What the package `millrace` exports to a definition written in JavaScript or TypeScript. */
export { type Config, defineConfig, type UnknownName } from './define/define-config.ts'
