/** The rooms of src and what each may import; read by check-layers.mjs. */

const only = (room, allowed) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: [room, ...allowed].map((name) => `^src/${name}/`) },
})

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$|^src/core/' },
      to: {},
    },
    only('core', []),
    only('ports', ['core']),
    only('expression', ['core']),
    only('define', ['core', 'expression']),
    only('ingest', ['core']),
    only('archive', ['core', 'ports']),
    only('log', ['core', 'ports', 'archive']),
    only('link', ['core', 'ports']),
    only('server', ['core', 'ports', 'ingest']),
    only('compile', ['core', 'ports', 'expression']),
    only('engines', ['core', 'ports', 'compile', 'archive', 'log', 'link']),
    only('run', ['core', 'ports', 'compile', 'ingest']),
    {
      name: 'pure-rooms-touch-no-outside',
      severity: 'error',
      from: {
        path: '^src/(core|ports|compile|ingest|expression)/|/dialect\\.ts$',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'core'],
        pathNot: '^(node:)?zlib$',
      },
    },
    {
      name: 'only-ingest-unpacks',
      severity: 'error',
      from: { path: '^src/(core|ports|compile|expression)/|/dialect\\.ts$', pathNot: '\\.test\\.ts$' },
      to: { path: '^(node:)?zlib$' },
    },
    {
      name: 'engines-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/engines/([^/]+)/', pathNot: '^src/engines/$1/' },
    },
    {
      name: 'only-the-registry-loads-an-engine',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engines/|\\.test\\.ts$' },
      to: { path: '^src/engines/[^/]+/' },
    },
    {
      name: 'the-product-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Packages that tell their entry by `exports` alone.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
