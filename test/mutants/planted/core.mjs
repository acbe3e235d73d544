/** Faults of arithmetic: windows, buckets, registers, ranks, steps. */
export default [
  {
    fault: 'windows before 1970 are rounded towards zero',
    ...{
      file: 'src/core/window.ts',
      from: 'Math.floor(eventMs / widthMs) * widthMs',
      to: 'Math.trunc(eventMs / widthMs) * widthMs',
    },
    tests: ['src/core/window.test.ts'],
  },
  {
    fault: 'a bucket stands for its lower end',
    ...{ file: 'src/core/quantile-bucket.ts', from: 'return (low + high) / 2n', to: 'return low' },
    tests: ['src/core/quantile-bucket.test.ts', 'test/property/quantile-error.test.ts'],
  },
  {
    fault: 'buckets of a decade are one too coarse',
    ...{
      file: 'src/core/quantile-bucket.ts',
      from: 'Math.trunc((lead - 200) / 4)',
      to: 'Math.trunc((lead - 200) / 5)',
    },
    tests: ['src/core/quantile-bucket.test.ts', 'test/property/quantile-error.test.ts'],
  },
  {
    fault: 'the estimate of distinct values forgets empty registers',
    ...{ file: 'src/core/distinct-registers.ts', from: 'registers * sigma(empty)', to: '0 * sigma(empty)' },
    tests: ['test/property/distinct-error.test.ts'],
  },
  {
    fault: 'a rank of 0.999 is read as 0.99',
    ...{
      file: 'src/core/quantile-rank.ts',
      from: 'const denominator = 10 ** fraction.length',
      to: 'const denominator = 10 ** Math.min(fraction.length, 2)',
    },
    tests: ['test/query', 'src/core', 'test/golden'],
  },
  {
    fault: 'hours that come twice are one step',
    ...{
      file: 'src/core/step.ts',
      from: 'const isRepeat = lastOffset - offsetMs >= repeatedMs',
      to: 'const isRepeat = false',
    },
    tests: ['src/core/step.test.ts'],
  },
  {
    fault: 'a step may cut a window',
    ...{
      file: 'src/core/step.ts',
      from: 'boundaries.find((boundary) => boundary % request.windowMs !== 0)',
      to: 'boundaries.find(() => false)',
    },
    tests: ['src/core/step.test.ts'],
  },
]
