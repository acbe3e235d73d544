-- parse web
SELECT *, CAST(CASE WHEN reason IS NOT NULL THEN NULL WHEN (e0) THEN 3 WHEN (TRUE) THEN 0 ELSE 1 END AS TINYINT) AS m0
FROM (SELECT "offset", observed_ms, reason, event_ms, f0, e0
FROM (SELECT *,
  CASE WHEN event_ms IS NULL THEN CASE WHEN octet_length(raw) = 0 THEN 'empty_line' WHEN octet_length(raw) > 1048576 THEN 'line_too_long' WHEN decoded IS NULL THEN 'invalid_utf8' WHEN parsed IS NULL THEN 'invalid_json' WHEN NOT CASE WHEN line >= '{' AND line < '|' THEN TRUE ELSE starts_with(ltrim(line, e' \t\r\n'), '{') END THEN 'not_an_object' WHEN t IS NULL THEN 'missing_time' WHEN event_ms IS NULL THEN 'invalid_time' END END AS reason, (x0 IS NOT NULL AND f0 IS NULL) AS e0
FROM (SELECT *,
  CASE WHEN t IS NOT NULL THEN coalesce(CASE WHEN t GLOB '[0-9]???-??-??T[0-9]?:??:??.???Z' AND t >= '0001' AND NOT suffix(t, 'T24:00:00.000Z') THEN epoch_ms(TRY_CAST(t AS TIMESTAMP)) WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?Z?') AND t >= '0001' THEN ((epoch_us(TRY_CAST(CASE WHEN contains(t, ',') THEN replace(t, ',', '.') ELSE t END AS TIMESTAMP)) - (epoch_us(TRY_CAST(CASE WHEN contains(t, ',') THEN replace(t, ',', '.') ELSE t END AS TIMESTAMP)) % 1000 + 1000) % 1000) // 1000) END, list_transform([regexp_extract(t, '\A(?:([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)?([Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)\z', ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction', 'offset'])], lambda b0: list_transform([list_transform([TRY_CAST(b0.year AS BIGINT)], lambda b1: (list_transform([TRY_CAST(b0.month AS BIGINT)], lambda b2: list_transform([TRY_CAST(b0.day AS BIGINT)], lambda b3: CASE WHEN b1 > 0 AND b3 <= CASE WHEN b2 = 2 THEN 28 + CASE WHEN b1 % 4 = 0 AND (b1 % 100 <> 0 OR b1 % 400 = 0) THEN 1 ELSE 0 END ELSE CASE WHEN b2 IN (4, 6, 9, 11) THEN 30 ELSE 31 END END THEN (b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) * 365 + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 4) - ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 100) + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) // 400) + ((153 * (b2 + CASE WHEN b2 > 2 THEN -3 ELSE 9 END) + 2) // 5) + b3 - 719469 END)[1])[1] * 86400000 + (coalesce(TRY_CAST(b0.hour AS BIGINT), 0) * 3600000 + coalesce(TRY_CAST(b0.minute AS BIGINT), 0) * 60000 + coalesce(TRY_CAST(b0.second AS BIGINT), 0) * 1000 + TRY_CAST(substr((b0.fraction || '000'), 1, 3) AS BIGINT))))[1]], lambda b1: CASE WHEN b0.offset = '' THEN b1 ELSE b1 - CASE WHEN starts_with(b0.offset, '-') THEN -1 ELSE 1 END * (coalesce(TRY_CAST(substr(b0.offset, 2, 2) AS BIGINT), 0) * 3600000 + coalesce(TRY_CAST(substr(replace(b0.offset, ':', ''), 4, 2) AS BIGINT), 0) * 60000) END)[1])[1]) END AS event_ms,
  CASE WHEN CAST(n0 AS VARCHAR) = x0 THEN n0 WHEN x0 = '-0' THEN 0 END AS f0
FROM (SELECT *, TRY_CAST(x0 AS BIGINT) AS n0
FROM (SELECT *, t_text AS t, r0 AS x0
FROM (SELECT *, texts[2] AS t_text, texts[1] AS r0
FROM (SELECT *, json_extract_string(parsed, ['/n', '/ts']) AS texts
FROM (SELECT *, TRY_CAST(CASE WHEN (suffix(line, '"}') OR (suffix(line, '}') AND NOT (suffix(line, ',}') OR suffix(line, ' }') OR suffix(line, e'\t}') OR suffix(line, e'\r}') OR suffix(line, e'\n}')))) AND line NOT LIKE '%}%}%' AND NOT contains(line, ']') AND NOT contains(line, '\u0000') THEN line WHEN (CASE WHEN contains(line, ',}') OR contains(line, ',]') OR ((contains(line, ' }') OR contains(line, ' ]')) AND (contains(line, ', }') OR contains(line, ', ]') OR contains(line, ',  '))) OR contains(line, '	') OR contains(line, '') OR contains(line, '
') THEN regexp_matches(regexp_replace(line, '"(?:[^"\\]|\\.)*"', '""', 'g'), ',[ \t\r\n]*[}\]]') ELSE FALSE END OR CASE WHEN contains(line, '\u0000') THEN regexp_matches(line, '(?:^|[^\\])(?:\\\\)*\\u0000') ELSE FALSE END) THEN NULL ELSE line END AS JSON) AS parsed
FROM (SELECT *, decoded AS line
FROM (SELECT *, TRY(decode(CASE WHEN octet_length(raw) <= 1048576 THEN raw END)) AS decoded FROM lines))))))))));

-- tally base of m
SELECT (event_ms - ((event_ms % 3600000) + 3600000) % 3600000) AS window_ms,
  sum((CAST(f0 AS HUGEINT) * 2)) AS sum_0,
  sum(f0) AS sum_1,
  count(*) AS records FROM parsed WHERE m0 = 0 GROUP BY 1;
