import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/cli/main.ts', 'src/cli/batch-child.ts'],
  format: 'esm',
  fixedExtension: false,
  platform: 'node',
  target: 'node20.19',
  dts: { build: false },
  clean: true,
  sourcemap: true,
})
