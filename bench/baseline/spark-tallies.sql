-- The hand-written rival in Spark: the tallies of `requests` in millrace.yaml in one query over the same blocks,
-- staged the same way. `:blocks` is the folder of the blocks, `:staged` an empty folder. One parse a line; plain
-- casts, which give NULL for what they cannot read; a line that does not parse or has no time is not counted. It
-- names no rejects and holds none of our rules on how a number may be spelled.
CREATE TEMPORARY VIEW lines ("offset" BIGINT, observed_ms BIGINT, raw BINARY) USING parquet OPTIONS (path ':blocks');
INSERT OVERWRITE DIRECTORY ':staged' USING parquet
SELECT /*+ REPARTITION(1) */
  window_ms, md5(concat_ws(':', service, class)) AS series_key, service AS d0, CAST(class AS DECIMAL(38, 0)) AS d1,
  requests, errors, CAST(sent AS DECIMAL(38, 0)) AS sent,
  CAST(fastest * 1000 AS DECIMAL(38, 0)) AS fastest, CAST(slowest * 1000 AS DECIMAL(38, 0)) AS slowest
FROM (
  SELECT
    event_ms - event_ms % 60000 AS window_ms, r.service, r.status div 100 AS class,
    count(*) AS requests, count_if(r.status >= 500) AS errors, coalesce(sum(r.bytes), 0) AS sent,
    min(r.duration_ms) AS fastest, max(r.duration_ms) AS slowest
  FROM (
    SELECT r, unix_millis(try_cast(r.ts AS TIMESTAMP)) AS event_ms
    FROM (
      SELECT from_json(CAST(raw AS STRING),
        'ts STRING, service STRING, status BIGINT, duration_ms DECIMAL(18, 3), bytes BIGINT') AS r
      FROM lines)
  )
  WHERE event_ms IS NOT NULL
  GROUP BY ALL
);
