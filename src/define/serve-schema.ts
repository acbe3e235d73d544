/** The server's part of a definition. */
import { z } from 'zod'

const size = z.string().regex(/^[0-9]{1,6}[kmg]$/, { error: 'DEFINE_BAD_SIZE' })
const file = (what: string) =>
  z
    .string()
    .min(1)
    .meta({ description: `A PEM file of the ${what}. A relative path is taken from the file's own folder.` })
const duration = z.string().regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, { error: 'DEFINE_BAD_DURATION' })

export const serveSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):[0-9]{1,5}$/, { error: 'DEFINE_BAD_LISTEN' })
      .meta({ description: 'Where to listen. Default 127.0.0.1:8080.', examples: ['0.0.0.0:8080'] })
      .optional(),
    hosts: z
      .array(z.string())
      .meta({
        description:
          'Names by which clients reach the server, without a port, besides localhost, the address it listens on, the name of the machine, and the names in its certificate. A request for another host is refused.',
        examples: [['millrace.example.org']],
      })
      .optional(),
    proxies: z
      .array(z.string())
      .meta({
        description:
          'Addresses, and networks such as 10.0.0.0/8, of proxies in front of the server that add X-Forwarded-For or Forwarded. Without it, what comes through a proxy on this machine does not count as coming from it.',
        examples: [['127.0.0.1', '::1']],
      })
      .optional(),
    tls: z
      .strictObject({ cert: file('certificate and its chain'), key: file('key') })
      .meta({ description: 'Speaks TLS.' })
      .optional(),
    tokens: z
      .record(
        z.string(),
        z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: 'DEFINE_BAD_TOKEN_HASH' })),
      )
      .meta({ description: 'By source: hashes of the tokens that may send to it, from `millrace token`.' })
      .optional(),
    freshness: duration
      .meta({
        description:
          'How long an acked line may wait to be counted before the server is not ready and `status` exits with 1. Default 2m.',
        examples: ['30s'],
      })
      .optional(),
    restate: z
      .enum(['at_once', 'scheduled'])
      .meta({
        description:
          'When windows are computed anew in which late records fell: at once by a run of their own, or by the next scheduled batch. Default at_once.',
      })
      .optional(),
    limits: z
      .strictObject({
        body: size.meta({ description: 'Size of a body as it comes. Default 16m.' }).optional(),
        unpacked: size.meta({ description: 'Size of a body once unpacked. Default 64m.' }).optional(),
        line: size.meta({ description: 'Length of a line. Default 1m.' }).optional(),
        request_time: duration
          .meta({ description: 'Time that a request may take to come in. Default 30s.' })
          .optional(),
        connections: z
          .int()
          .min(1)
          .max(100_000)
          .meta({ description: 'Connections at once. Default 1000.' })
          .optional(),
        memory: size.meta({ description: 'Size of all bodies at once. Default 256m.' }).optional(),
      })
      .meta({ description: 'What the server takes at most.' })
      .optional(),
  })
  .meta({ description: 'The server that takes lines over HTTP: `millrace serve`.' })
