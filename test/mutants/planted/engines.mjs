/** Faults of the adapters: Flink's rows, Kafka's order, HDFS. */
const ROWS = 'src/engines/flink/partial-rows.ts'
const ORDER = 'src/engines/kafka/order.ts'
const ORDER_FILE = 'src/engines/kafka/order-file.ts'

export default [
  {
    fault: 'rows of another deployment of Flink count',
    ...{
      file: ROWS,
      from: 'if (row?.e !== this.id || row.c < this.#from) return',
      to: 'if (!row || row.c < this.#from) return',
    },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'rows of chunks that were counted are kept',
    ...{
      file: ROWS,
      from: 'if (row?.e !== this.id || row.c < this.#from) return',
      to: 'if (row?.e !== this.id) return',
    },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'a repeated row of Flink adds to the first',
    ...{ file: ROWS, from: 'this.recordsOf(t) + n - known', to: 'this.recordsOf(t) + n' },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'an older row of Flink replaces a newer one',
    ...{ file: ROWS, from: 'if (n <= known) return', to: 'if (n < 0) return' },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'a chunk of Flink counts before all its records are told of',
    ...{
      file: ROWS,
      from: 'if (sum(tags, (tag) => this.recordsOf(tag)) !== lines) return false',
      to: 'if (sum(tags, (tag) => this.recordsOf(tag)) < 0) return false',
    },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'records of a neighbor chunk pass for this one’s',
    ...{ file: ROWS, from: 'rows.every(isInside) &&', to: 'rows.length >= 0 &&' },
    tests: ['src/engines/flink'],
  },
  {
    fault: 'the order of Kafka’s lines is not synced',
    ...{
      file: ORDER_FILE,
      from: '      await this.#file!.append([line])\n      await this.#file!.sync()\n',
      to: '      await this.#file!.append([line])\n',
    },
    tests: ['src/engines/kafka'],
  },
  {
    fault: 'a torn order of Kafka’s lines is not cut for good',
    ...{
      file: ORDER_FILE,
      from: '    await this.#file!.sync()\n    return found',
      to: '    return found',
    },
    tests: ['src/engines/kafka'],
  },
  {
    fault: 'two entries of the order get the same offset',
    ...{
      file: ORDER,
      from: 'return { ...entry, firstOffset: next - entry.lines }',
      to: 'return { ...entry, firstOffset: this.endOffset }',
    },
    tests: ['src/engines/kafka'],
  },
  {
    fault: 'a partition that moves to a new topic keeps its old positions',
    ...{
      file: ORDER,
      from: '[this.positions, this.distrusted, this.#held]',
      to: '[this.distrusted, this.#held]',
    },
    tests: ['src/engines/kafka'],
  },
]
