-- The hand-written rival: one query over plain NDJSON that computes the tallies of `requests` in millrace.yaml.
-- It holds the guards that read_json leaves room for: a line that does not parse becomes all NULL and is not
-- counted; integers must print back as they were written; decimals have a closed form before the cast; times have
-- one shape and a true calendar date; a service must not be a number. `:file` is the path of the lines.
WITH lines AS (
  SELECT ts, service, status, bytes, duration_ms
  FROM read_json(:file, format = 'newline_delimited', ignore_errors = true, columns = {
    ts: 'VARCHAR', service: 'VARCHAR', status: 'VARCHAR', bytes: 'VARCHAR', duration_ms: 'VARCHAR'})
), typed AS (
  SELECT
    service,
    try_cast(status AS BIGINT) AS status_value,
    try_cast(bytes AS BIGINT) AS bytes_value,
    try_cast(duration_ms AS DECIMAL(18, 3)) AS duration_value,
    CASE WHEN ts LIKE '____-__-__T__:__:__.___Z' AND ts >= '0001' AND substr(ts, 12, 2) < '24'
      THEN epoch_ms(try_cast(ts AS TIMESTAMP)) END AS event_ms,
    status, bytes, duration_ms
  FROM lines
), records AS (
  SELECT *
  FROM typed
  WHERE event_ms IS NOT NULL
    AND (status IS NULL OR cast(status_value AS VARCHAR) = status)
    AND (bytes IS NULL OR cast(bytes_value AS VARCHAR) = bytes)
    AND (duration_ms IS NULL OR CASE WHEN cast(duration_value AS VARCHAR) = duration_ms THEN true
      ELSE regexp_full_match(duration_ms, '-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?') AND duration_value IS NOT NULL END)
    AND (service IS NULL OR CASE WHEN service < ':' OR service >= '[' AND service < '\' OR service >= '{'
      THEN try_cast(service AS DOUBLE) IS NULL AND service NOT LIKE '[%' AND service NOT LIKE '{%' ELSE true END)
)
SELECT
  event_ms - event_ms % 60000 AS window_ms,
  service,
  status_value // 100 AS class,
  count(*) AS requests,
  count(CASE WHEN status_value >= 500 THEN 1 END) AS errors,
  coalesce(sum(bytes_value), 0) AS sent,
  min(duration_value) AS fastest,
  max(duration_value) AS slowest
FROM records
GROUP BY 1, 2, 3
