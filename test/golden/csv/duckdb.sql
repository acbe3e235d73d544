-- parse flights
SELECT "offset", reason,
  CASE WHEN reason IS NULL THEN event_ms END AS event_ms, f0, e0, f1, e1
FROM (SELECT *,
  CASE WHEN octet_length(raw) = 0 THEN 'empty_line' WHEN octet_length(raw) > 1048576 THEN 'line_too_long' WHEN decoded IS NULL THEN 'invalid_utf8' WHEN contains(decoded, chr(0)) THEN 'nul_byte' WHEN is_plain AND columns = ['when', 'carrier', 'delay, min'] OR line = '"when","carrier","delay, min"' THEN 'header' WHEN NOT CASE WHEN is_plain THEN len(columns) = 3 ELSE quoted.whole <> '' END THEN 'no_match' WHEN t IS NULL THEN 'missing_time' WHEN event_ms IS NULL THEN 'invalid_time' END AS reason, FALSE AS e0, (x1 IS NOT NULL AND f1 IS NULL) AS e1
FROM (SELECT *,
  coalesce(CASE WHEN t LIKE '____-__-__T__:__:__.___Z' AND t >= '0001' AND substr(t, 12, 2) BETWEEN '00' AND '23' THEN epoch_ms(TRY_CAST(t AS TIMESTAMP)) WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?Z') AND t >= '0001' THEN ((epoch_us(TRY_CAST(CASE WHEN contains(t, ',') THEN replace(t, ',', '.') ELSE t END AS TIMESTAMP)) - (epoch_us(TRY_CAST(CASE WHEN contains(t, ',') THEN replace(t, ',', '.') ELSE t END AS TIMESTAMP)) % 1000 + 1000) % 1000) // 1000) END, list_transform([regexp_extract(t, '\A(?:([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)?([Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)\z', ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction', 'offset'])], lambda b0: list_transform([list_transform([TRY_CAST(b0.year AS BIGINT)], lambda b1: (list_transform([TRY_CAST(b0.month AS BIGINT)], lambda b2: list_transform([TRY_CAST(b0.day AS BIGINT)], lambda b3: CASE WHEN b1 > 0 AND b3 <= CASE WHEN b2 = 2 THEN 28 + CASE WHEN b1 % 4 = 0 AND (b1 % 100 <> 0 OR b1 % 400 = 0) THEN 1 ELSE 0 END ELSE CASE WHEN b2 IN (4, 6, 9, 11) THEN 30 ELSE 31 END END THEN (b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) * 365 + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 4) - ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 100) + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 400) + ((153 * (b2 + CASE WHEN b2 > 2 THEN -3 ELSE 9 END) + 2) // 5) + b3 - 719469 END)[1])[1] * 86400000 + (coalesce(TRY_CAST(b0.hour AS BIGINT), 0) * 3600000 + coalesce(TRY_CAST(b0.minute AS BIGINT), 0) * 60000 + coalesce(TRY_CAST(b0.second AS BIGINT), 0) * 1000 + TRY_CAST(substr((b0.fraction || '000'), 1, 3) AS BIGINT))))[1]], lambda b1: CASE WHEN b0.offset = '' THEN list_transform([(epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 - 86400000) * 1000))) - (b1 - 86400000))], lambda b2: CASE WHEN (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 - b2) * 1000))) - (b1 - b2)) = b2 THEN b1 - b2 ELSE CASE WHEN (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 - (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 + 86400000) * 1000))) - (b1 + 86400000))) * 1000))) - (b1 - (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 + 86400000) * 1000))) - (b1 + 86400000)))) = (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 + 86400000) * 1000))) - (b1 + 86400000)) THEN b1 - (epoch_ms(timezone('Europe/Berlin', make_timestamptz((b1 + 86400000) * 1000))) - (b1 + 86400000)) ELSE b1 - b2 END END)[1] ELSE b1 - CASE WHEN starts_with(b0.offset, '-') THEN -1 ELSE 1 END * (coalesce(TRY_CAST(substr(b0.offset, 2, 2) AS BIGINT), 0) * 3600000 + coalesce(TRY_CAST(substr(replace(b0.offset, ':', ''), 4, 2) AS BIGINT), 0) * 60000) END)[1])[1]) AS event_ms, x0 AS f0,
  CASE WHEN CAST(n1 AS VARCHAR) = x1 THEN n1 WHEN x1 = '-0' THEN 0 END AS f1
FROM (SELECT *, TRY_CAST(x1 AS BIGINT) AS n1
FROM (SELECT *,
  CASE WHEN t_text IN ('NA', '') THEN NULL ELSE t_text END AS t, nullif(r0, 'NA') AS x0,
  CASE WHEN r1 IN ('NA', '') THEN NULL ELSE r1 END AS x1
FROM (SELECT *,
  CASE WHEN is_plain THEN columns[1] ELSE CASE WHEN starts_with(quoted.c0, '"') THEN replace(substr(quoted.c0, 2, length(quoted.c0) - 2), '""', '"') ELSE quoted.c0 END END AS t_text,
  CASE WHEN is_plain THEN columns[2] ELSE CASE WHEN starts_with(quoted.c1, '"') THEN replace(substr(quoted.c1, 2, length(quoted.c1) - 2), '""', '"') ELSE quoted.c1 END END AS r0,
  CASE WHEN is_plain THEN columns[3] ELSE CASE WHEN starts_with(quoted.c2, '"') THEN replace(substr(quoted.c2, 2, length(quoted.c2) - 2), '""', '"') ELSE quoted.c2 END END AS r1
FROM (SELECT *, string_split(CASE WHEN is_plain THEN line END, ',') AS columns, regexp_extract(CASE WHEN NOT is_plain THEN line END, '\A(("(?:[^"]|"")*"|[^",][^,]*|),("(?:[^"]|"")*"|[^",][^,]*|),("(?:[^"]|"")*"|[^",][^,]*|))\z', ['whole', 'c0', 'c1', 'c2']) AS quoted
FROM (SELECT *, NOT contains(line, '"') AS is_plain
FROM (SELECT *,
  CASE WHEN octet_length(raw) = 0 OR octet_length(raw) > 1048576 OR decoded IS NULL OR contains(decoded, chr(0)) THEN NULL ELSE decoded END AS line
FROM (SELECT *, TRY(decode(CASE WHEN octet_length(raw) <= 1048576 THEN raw END)) AS decoded FROM lines)))))))));

-- tally base of m
SELECT (event_ms - ((event_ms % 86400000) + 86400000) % 86400000) AS window_ms, f0 AS d0,
  count(CASE WHEN (f1 IS NOT NULL) THEN TRUE ELSE CAST(NULL AS BOOLEAN) END) AS count_0,
  sum(f1) AS sum_1,
  count(*) AS records FROM parsed WHERE reason IS NULL AND NOT (e0 OR e1 OR coalesce(strlen(f0) > 1024, FALSE)) AND (TRUE) GROUP BY 1, 2;
