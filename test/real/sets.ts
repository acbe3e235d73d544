/** The real sets with answers: which files, and which query gives each CSV of expected/. */

/** A CSV's name → metric and step; dimensions and measures are named as the CSV's columns. */
export interface RealSet {
  readonly name: string
  readonly source: string
  readonly files: readonly string[]
  readonly answers: Readonly<Record<string, readonly [metric: string, step: string]>>
  /** CSVs of the ten commonest values over the whole range. */
  readonly commonest?: Readonly<Record<string, readonly [metric: string, step: string]>>
  /** Lines that have no time of their own, if any. */
  readonly rejected?: number
}

const SYSLOG: RealSet['answers'] = {
  records_per_hour_by_host: ['records', '1h'],
  records_per_hour_by_program: ['records', '1h'],
  authentication_failure_per_hour: ['authentication_failure', '1h'],
  failed_password_per_hour: ['failed_password', '1h'],
  invalid_user_per_hour: ['invalid_user', '1h'],
  distinct_attacker_ip_per_hour: ['attackers', '1h'],
  distinct_program_per_day: ['programs', '1d'],
  distinct_rhost_per_day: ['rhosts', '1d'],
}

const LEVELS: RealSet['answers'] = {
  records_per_hour_by_level: ['records', '1h'],
  records_per_minute_by_level: ['records', '1m'],
  errors_per_hour: ['errors', '1h'],
}

const COMPONENTS: RealSet['answers'] = {
  records_per_hour_by_component: ['records', '1h'],
  distinct_component_per_hour: ['components', '1h'],
}

const loghub = (name: string, answers: RealSet['answers'], commonest: RealSet['commonest']): RealSet => ({
  name: `loghub_${name}`,
  source: 'log',
  files: [`loghub/${name}_2k.log`],
  answers,
  ...(commonest && { commonest }),
})

const TOP_COMPONENT = { top10_component: ['records', '1d'] } as const
const TOP_PROGRAM = { top10_program: ['records', '1d'], top10_attacker_ip: ['attackers', '1d'] } as const

export const SETS: readonly RealSet[] = [
  {
    name: 'apache_combined',
    source: 'web',
    files: ['apache_combined/access.log'],
    answers: {
      bytes_per_hour: ['volume', '1h'],
      bytes_per_minute: ['volume', '1m'],
      distinct_ip_per_day: ['visitors', '1d'],
      distinct_ip_per_hour: ['visitors', '1h'],
      errors_5xx_per_hour: ['server_errors', '1h'],
      errors_per_hour: ['errors', '1h'],
      requests_per_hour_by_method: ['requests', '1h'],
      requests_per_hour_by_status: ['requests', '1h'],
      requests_per_minute_by_status_class: ['requests', '1m'],
    },
    commonest: { top10_ip_total: ['by_ip', '1d'], top10_path_total: ['by_path', '1d'] },
  },
  {
    name: 'flights_csv',
    source: 'flights',
    files: ['flights_csv/flights.csv.gz'],
    answers: {
      cancelled_per_day: ['cancelled', '1d'],
      dep_delay_per_day: ['delay', '1d'],
      dep_delay_per_hour_by_origin: ['delay', '1h'],
      distance_per_day_by_origin: ['distance', '1d'],
      distinct_tailnum_per_day: ['planes', '1d'],
      flights_per_day_by_carrier: ['flights', '1d'],
      flights_per_hour_by_origin: ['flights', '1h'],
    },
    commonest: { top10_tailnum: ['by_plane', '1d'] },
  },
  {
    name: 'gharchive',
    source: 'events',
    files: ['gharchive/events.ndjson'],
    answers: {
      distinct_actor_per_minute: ['people', '1m'],
      distinct_repo_per_minute: ['people', '1m'],
      events_per_minute_by_type: ['events', '1m'],
      events_per_second: ['events', '1s'],
      push_size_per_minute: ['pushes', '1m'],
    },
    commonest: { top10_actor: ['events', '1d'] },
  },
  loghub('Apache', LEVELS, undefined),
  loghub(
    'HPC',
    {
      ...COMPONENTS,
      distinct_host_per_day: ['components', '1d'],
      records_per_day_by_event: ['records', '1d'],
    },
    TOP_COMPONENT,
  ),
  loghub('Hadoop', { ...LEVELS, ...COMPONENTS }, TOP_COMPONENT),
  loghub('HealthApp', { ...COMPONENTS, records_per_minute_by_component: ['records', '1m'] }, TOP_COMPONENT),
  loghub('Linux', SYSLOG, TOP_PROGRAM),
  loghub('Mac', SYSLOG, TOP_PROGRAM),
  loghub(
    'OpenStack',
    {
      ...LEVELS,
      ...COMPONENTS,
      http_len_per_minute: ['http_len', '1m'],
      http_per_minute_by_status: ['http', '1m'],
      http_time_s_per_minute: ['http_time', '1m'],
      http_time_s_per_minute_by_method: ['http_time', '1m'],
      records_per_minute_by_service: ['records', '1m'],
    },
    TOP_COMPONENT,
  ),
  loghub('Spark', { ...LEVELS, ...COMPONENTS }, TOP_COMPONENT),
  loghub('Windows', { ...LEVELS, ...COMPONENTS }, TOP_COMPONENT),
  {
    name: 'zeek_json',
    source: 'zeek',
    files: ['analyzer', 'known_certs', 'known_hosts', 'known_services', 'notice', 'ntp', 'weird'].map(
      (name) => `zeek_json/${name}.ndjson`,
    ),
    answers: { events_per_minute_by_path: ['events', '1m'], weird_per_minute_by_name: ['weird', '1m'] },
  },
]
