-- parse zeek
SELECT *, CAST(CASE WHEN reason IS NOT NULL THEN NULL WHEN (e0 OR e1 OR e2 OR coalesce(strlen(f0) > 1024, FALSE) OR coalesce(strlen(f2) > 1024, FALSE)) THEN 3 WHEN (TRUE) THEN 0 ELSE 1 END AS TINYINT) AS m0
FROM (SELECT "offset", observed_ms, reason,
  CASE WHEN reason IS NULL THEN event_ms END AS event_ms, f0, e0, f1, e1, f2, e2
FROM (SELECT *,
  CASE WHEN event_ms IS NULL OR event_ms < -62104060800000 OR event_ms >= 221876928000000 THEN CASE WHEN octet_length(raw) = 0 THEN 'empty_line' WHEN octet_length(raw) > 1048576 THEN 'line_too_long' WHEN decoded IS NULL THEN 'invalid_utf8' WHEN parsed IS NULL THEN 'invalid_json' WHEN NOT CASE WHEN line >= '{' AND line < '|' THEN TRUE ELSE starts_with(ltrim(line, e' \t\r\n'), '{') END THEN 'not_an_object' WHEN t IS NULL THEN 'missing_time' WHEN event_ms IS NULL THEN 'invalid_time' WHEN event_ms < -62104060800000 THEN 'year_1' WHEN event_ms >= 221876928000000 THEN 'year_beyond_9000' END END AS reason,
  CASE WHEN x0 GLOB '[-0-9{[INin]*' THEN CASE WHEN regexp_full_match(x0, '(?s)[{\[].*|-?(?:[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|[nN][aA][nN]|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)') THEN coalesce(json_type(line, '/id.orig_h') <> 'VARCHAR', FALSE) ELSE FALSE END ELSE FALSE END AS e0, (x1 IS NOT NULL AND f1 IS NULL) AS e1,
  CASE WHEN x2 GLOB '[-0-9{[INin]*' THEN CASE WHEN regexp_full_match(x2, '(?s)[{\[].*|-?(?:[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|[nN][aA][nN]|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)') THEN coalesce(json_type(line, '/net/proto') <> 'VARCHAR', FALSE) ELSE FALSE END ELSE FALSE END AS e2
FROM (SELECT *,
  CASE WHEN CAST(TRY_CAST(t AS BIGINT) AS VARCHAR) = t THEN CASE WHEN TRY_CAST(t AS BIGINT) >= -62135596800 AND TRY_CAST(t AS BIGINT) <= 253402300799 THEN TRY_CAST(t AS BIGINT) * 1000 END ELSE list_transform([regexp_extract(t, '\A(-?)0*([0-9]{1,19})(?:\.([0-9]+))?\z', ['sign', 'whole', 'fraction'])], lambda b0: list_transform([CASE WHEN TRY_CAST(b0.whole AS BIGINT) <= 253402300799 THEN CASE WHEN b0.sign = '' THEN TRY_CAST(b0.whole AS BIGINT) * 1000 + TRY_CAST(substr((b0.fraction || '000'), 1, 3) AS BIGINT) ELSE -(TRY_CAST(b0.whole AS BIGINT) * 1000 + TRY_CAST(substr((b0.fraction || '000'), 1, 3) AS BIGINT)) - CASE WHEN NOT regexp_full_match(substr(b0.fraction, 4), '0*') THEN 1 ELSE 0 END END END], lambda b1: CASE WHEN b1 BETWEEN -62135596800000 AND 253402300799999 THEN b1 END)[1])[1] END AS event_ms, x0 AS f0,
  CASE WHEN CAST(n1 AS VARCHAR) = x1 THEN n1 WHEN x1 = '-0' THEN 0 END AS f1, x2 AS f2
FROM (SELECT *, TRY_CAST(x1 AS BIGINT) AS n1
FROM (SELECT *, t_text AS t, r0 AS x0, r1 AS x1, r2 AS x2
FROM (SELECT *, texts[4] AS t_text, texts[1] AS r0, texts[2] AS r1, texts[3] AS r2
FROM (SELECT *, json_extract_string(parsed, ['/id.orig_h', '/a~1b/c.d', '/net/proto', '/meta/at']) AS texts
FROM (SELECT *, TRY_CAST(CASE WHEN (suffix(line, '"}') OR (suffix(line, '}') AND NOT (suffix(line, ',}') OR suffix(line, ' }') OR suffix(line, e'\t}') OR suffix(line, e'\r}') OR suffix(line, e'\n}')))) AND line NOT LIKE '%}%}%' AND NOT contains(line, ']') AND NOT contains(line, '\u0000') THEN line WHEN (CASE WHEN contains(line, ',}') OR contains(line, ',]') OR ((contains(line, ' }') OR contains(line, ' ]')) AND (contains(line, ', }') OR contains(line, ', ]') OR contains(line, ',  '))) OR contains(line, '	') OR contains(line, '') OR contains(line, '
') THEN regexp_matches(regexp_replace(line, '"(?:[^"\\]|\\.)*"', '""', 'g'), ',[ \t\r\n]*[}\]]') ELSE FALSE END OR CASE WHEN contains(line, '\u0000') THEN regexp_matches(line, '(?:^|[^\\])(?:\\\\)*\\u0000') ELSE FALSE END) THEN NULL ELSE line END AS JSON) AS parsed
FROM (SELECT *, decoded AS line
FROM (SELECT *, TRY(decode(CASE WHEN octet_length(raw) <= 1048576 THEN raw END)) AS decoded FROM lines))))))))));

-- tally base of m
SELECT (event_ms - ((event_ms % 60000) + 60000) % 60000) AS window_ms, f0 AS d0, f2 AS d1,
  sum(f1) AS sum_0,
  count(*) AS records FROM parsed WHERE m0 = 0 GROUP BY 1, 2, 3;
