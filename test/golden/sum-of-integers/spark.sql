-- parse web
CACHE TABLE parsed_groups OPTIONS ('storageLevel' 'MEMORY_AND_DISK') AS SELECT verdict,
  CASE WHEN verdict = 0 THEN (event_ms - ((event_ms % 3600000) + 3600000) % 3600000) WHEN verdict = 3 THEN "offset" div 64 END AS window_ms,
  count(*) AS "lines", bit_or(CASE WHEN verdict = 3 THEN shiftleft(1L, CAST("offset" % 64 AS INT)) END) AS bits,
  sum(CAST((CAST(f0 AS DECIMAL(38, 0)) * 2) AS DECIMAL(38, 0))) FILTER (WHERE verdict = 0) AS sum_0,
  sum(CAST(f0 AS DECIMAL(38, 0))) FILTER (WHERE verdict = 0) AS sum_1,
  count(*) FILTER (WHERE verdict = 0) AS records
FROM (SELECT *,
  coalesce(CASE WHEN nullif(is_quick, TRUE) IS NOT NULL THEN NULL WHEN (FALSE) THEN 3 WHEN (TRUE) THEN 0 ELSE 1 END, 3) AS verdict
FROM (SELECT "offset", is_quick,
  CASE WHEN NOT is_quick THEN raw END AS raw, event_ms, f0
FROM (SELECT *, NOT coalesce(j_item IS NULL OR event_ms IS NULL OR CASE WHEN t IS NOT NULL AND v0 IS NOT NULL AND line RLIKE '\\A(?:(?:[^"\\uFFFD]*"(?!(?:ts|n)")[^"\\\\\\uFFFD]*(?:\\\\[^u\\uFFFD][^"\\\\\\uFFFD]*)*+")*+[^"\\uFFFD]*"(?:ts|n)"){0,2}+(?:[^"\\uFFFD]*"(?!(?:ts|n)")[^"\\\\\\uFFFD]*(?:\\\\[^u\\uFFFD][^"\\\\\\uFFFD]*)*+")*+[^"\\uFFFD]*\\z' THEN FALSE ELSE NOT is_valid_utf8(line) OR (contains(line, '\\u') AND line RLIKE '\\\\u(?:0000|[dD][89a-fA-F])') OR coalesce(size(array_distinct(json_object_keys(line))) <> size(json_object_keys(line)), TRUE) END, FALSE) AS is_quick
FROM (SELECT *,
  CASE WHEN (t RLIKE '\\A[0-9]{4}\\-[0-9]{2}\\-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9}+)?Z?\\z') AND t >= '0001' THEN unix_millis(try_cast(t AS TIMESTAMP)) END AS event_ms, v0 AS f0
FROM (SELECT *, j_item.`ts` AS t, j_item.`n` AS v0
FROM (SELECT *,
  CASE WHEN CASE WHEN j_seal IS NULL THEN size(j_items) = 1 ELSE size(j_items) = 2 AND get(j_items, 1).j_seal = j_seal END THEN get(j_items, 0) END AS j_item
FROM (SELECT *, from_json(concat('[', line,
  CASE WHEN j_seal IS NULL THEN ']' ELSE concat(',{"j_seal":"', j_seal, '"}]') END), 'array<struct<`ts`: STRING, `n`: BIGINT, `j_seal`: STRING>>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) AS j_items
FROM (SELECT *,
  CASE WHEN contains(line, ']') THEN md5(line) END AS j_seal
FROM (SELECT *, CAST(CASE WHEN octet_length(raw) <= 1048576 THEN raw END AS STRING) AS line FROM lines))))))))) GROUP BY 1, 2;

-- parse web
CACHE TABLE parsed OPTIONS ('storageLevel' 'MEMORY_AND_DISK') AS SELECT "offset", reason, event_ms, f0, e0
FROM (SELECT *,
  CASE WHEN event_ms IS NULL THEN CASE WHEN octet_length(raw) = 0 THEN 'empty_line' WHEN octet_length(raw) > 1048576 THEN 'line_too_long' WHEN decoded IS NULL THEN 'invalid_utf8' WHEN parsed IS NULL THEN 'invalid_json' WHEN NOT startswith(trim(LEADING ' \t\r\n' FROM line), '{') THEN 'not_an_object' WHEN t IS NULL THEN 'missing_time' WHEN event_ms IS NULL THEN 'invalid_time' END END AS reason, (x0 IS NOT NULL AND f0 IS NULL) AS e0
FROM (SELECT *,
  CASE WHEN t IS NOT NULL THEN coalesce(CASE WHEN (t RLIKE '\\A[0-9]{4}\\-[0-9]{2}\\-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9}+)?Z?\\z') AND t >= '0001' THEN unix_millis(try_cast(t AS TIMESTAMP)) END, transform(array(split(regexp_replace(t, '(?:\\A([0-9]{4})\\-(0[1-9]|1[0-2])\\-(0[1-9]|[12][0-9]|3[01])[ Tt]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[,\\.]([0-9]{1,9}+))?)?([Zz]|[\\+\\-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?\\z)|\\A[\\s\\S]*+\\z', '\u00241\u0000\u00242\u0000\u00243\u0000\u00244\u0000\u00245\u0000\u00246\u0000\u00247\u0000\u00248'), '\u0000', -1)), b0 -> transform(array(transform(array(try_cast(get(b0, 0) AS BIGINT)), b1 -> (transform(array(try_cast(get(b0, 1) AS BIGINT)), b2 -> transform(array(try_cast(get(b0, 2) AS BIGINT)), b3 -> CASE WHEN b1 > 0 AND b3 <= CASE WHEN b2 = 2 THEN 28 + CASE WHEN b1 % 4 = 0 AND (b1 % 100 <> 0 OR b1 % 400 = 0) THEN 1 ELSE 0 END ELSE CASE WHEN b2 IN (4, 6, 9, 11) THEN 30 ELSE 31 END END THEN (b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) * 365 + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) div 4) - ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) div 100) + ((b1 - CASE WHEN b2 <= 2 THEN 1 ELSE 0 END) div 400) + ((153 * (b2 + CASE WHEN b2 > 2 THEN -3 ELSE 9 END) + 2) div 5) + b3 - 719469 END)[0])[0] * 86400000 + (coalesce(try_cast(get(b0, 3) AS BIGINT), 0) * 3600000 + coalesce(try_cast(get(b0, 4) AS BIGINT), 0) * 60000 + coalesce(try_cast(get(b0, 5) AS BIGINT), 0) * 1000 + try_cast(substring((get(b0, 6) || '000'), 1, 3) AS BIGINT))))[0]), b1 -> CASE WHEN get(b0, 7) = '' THEN b1 ELSE b1 - CASE WHEN startswith(get(b0, 7), '-') THEN -1 ELSE 1 END * (coalesce(try_cast(substring(get(b0, 7), 2, 2) AS BIGINT), 0) * 3600000 + coalesce(try_cast(substring(replace(get(b0, 7), ':', ''), 4, 2) AS BIGINT), 0) * 60000) END)[0])[0]) END AS event_ms,
  CASE WHEN CAST(n0 AS STRING) = x0 THEN n0 WHEN x0 = '-0' THEN 0 END AS f0
FROM (SELECT *, try_cast(x0 AS BIGINT) AS n0
FROM (SELECT *, t_text AS t, r0 AS x0
FROM (SELECT *, get(texts, 1) AS t_text, get(texts, 0) AS r0
FROM (SELECT *,
  CASE WHEN j_is_swift THEN array(j_text0, j_text1) ELSE j_read.text END AS texts
FROM (SELECT *,
  CASE WHEN j_is_swift OR j_json IS NOT NULL THEN TRUE END AS parsed
FROM (SELECT *, transform(j_items, v -> CASE WHEN v IS NOT NULL THEN transform(array(try_variant_get(v, '$', 'string')), s -> CASE WHEN s RLIKE '\\A(?:[\\x00\\[\\{][\\x00-\\x{10ffff}]*+|\\-?(?:[0-9]++\\.[0-9]++(?:E\\-?[0-9]++)?|Infinity))\\z' OR contains(line, '.0') AND s RLIKE '\\A\\-?[0-9]++\\z' THEN transform(array(CASE WHEN startswith(s, '\u0000#') THEN 'RAW' ELSE schema_of_variant(v) END), y -> CASE WHEN y IN ('STRING', 'BIGINT') THEN named_struct('text', s, 'odd', FALSE) ELSE transform(array(CASE WHEN y = 'RAW' THEN substring(s, 3) ELSE s END), n -> CASE WHEN y = 'RAW' AND n RLIKE '\\A\\-?[0-9]++\\z' THEN named_struct('text',
  CASE WHEN n = '-0' THEN '0' ELSE n END, 'odd', FALSE) WHEN y LIKE 'DECIMAL%' AND n RLIKE '\\A\\-?[0-9]{19,}+\\z' THEN named_struct('text', n, 'odd', FALSE) WHEN y LIKE 'DECIMAL%' AND (char_length(n) <= CASE WHEN contains(n, '.') THEN 16 ELSE 15 END AND NOT n RLIKE '\\A-?0\\.000000') THEN named_struct('text',
  CASE WHEN contains(n, '.') THEN n ELSE concat(n, '.0') END, 'odd', TRUE) WHEN y LIKE 'DECIMAL%' OR y = 'DOUBLE' OR y = 'RAW' AND NOT n RLIKE '\\A\\-?[A-Za-z]++\\z' THEN named_struct('text', transform(array(try_cast(n AS DOUBLE)), v -> concat(CASE WHEN startswith(n, '-') THEN '-' ELSE '' END,
  CASE WHEN abs(v) > CAST('1.7976931348623157e308' AS DOUBLE) THEN '1e999' WHEN v = 0 THEN '0.0' ELSE transform(array(split(CAST(abs(v) AS STRING), 'E')), p -> transform(array(named_struct('digits', trim(TRAILING '0' FROM trim(LEADING '0' FROM replace(get(p, 0), '.', ''))), 'point', position('.' IN get(p, 0)) - 1 + coalesce(try_cast(get(p, 1) AS INT), 0) - (char_length(replace(get(p, 0), '.', '')) - char_length(trim(LEADING '0' FROM replace(get(p, 0), '.', '')))))), d -> transform(array(abs(v)), a -> transform(array(CASE WHEN char_length(d.digits) <= 15 THEN d WHEN try_cast(concat(((CAST(substring(d.digits, 1, 16) AS BIGINT) + 5) div 10), 'E', d.point - 15) AS DOUBLE) = a THEN named_struct('digits', trim(TRAILING '0' FROM CAST(((CAST(substring(d.digits, 1, 16) AS BIGINT) + 5) div 10) AS STRING)), 'point', d.point + char_length(CAST(((CAST(substring(d.digits, 1, 16) AS BIGINT) + 5) div 10) AS STRING)) - 15) WHEN a >= CAST('1e-4' AS DOUBLE) AND a < CAST('1e18' AS DOUBLE) AND (a >= CAST('9007199254740992' AS DOUBLE) OR char_length(d.digits) > 16 AND (try_cast(concat(CAST(substring(d.digits, 1, 16) AS BIGINT), 'E', d.point - 16) AS DOUBLE) = a OR try_cast(concat((CAST(substring(d.digits, 1, 16) AS BIGINT) + 1), 'E', d.point - 16) AS DOUBLE) = a)) THEN transform(array(named_struct('whole', CAST(conv(concat('1', rpad(CASE WHEN regexp_extract(format_string('%a', a), '\\A0x1\\.([0-9a-f]+)p', 1) = '0' THEN '' ELSE regexp_extract(format_string('%a', a), '\\A0x1\\.([0-9a-f]+)p', 1) END, 13, '0')), 16, 10) AS BIGINT), 'power', CAST(regexp_extract(format_string('%a', a), 'p(-?[0-9]+)\\z', 1) AS INT) - 52)), m -> transform(array(CASE WHEN m.power < 0 THEN transform(array(named_struct('n', CAST(CAST(m.whole AS DECIMAL(38, 0)) * CASE WHEN a < CAST('1e10' AS DOUBLE) THEN CAST(10000000000000000000000 AS DECIMAL(38, 0)) ELSE CAST(1000000000000 AS DECIMAL(38, 0)) END AS DECIMAL(38, 0)), 'd', CAST(CAST(shiftleft(1L, least(-m.power, 40)) AS DECIMAL(38, 0)) * CAST(shiftleft(1L, greatest(-m.power - 40, 0)) AS DECIMAL(38, 0)) AS DECIMAL(38, 0)))), y -> named_struct('high', CAST((y.n - y.n % y.d) / y.d AS DECIMAL(38, 0)), 'isCut', y.n % y.d <> 0, 'shift',
  CASE WHEN a < CAST('1e10' AS DOUBLE) THEN 22 ELSE 12 END))[0] ELSE named_struct('high', CAST(CAST(a AS BIGINT) * CAST(1000000000000 AS DECIMAL(38, 0)) AS DECIMAL(38, 0)), 'isCut', FALSE, 'shift', 12) END), x -> coalesce(transform(array(transform(array(transform(array(CAST(rpad('1', d.point - 16 + x.shift + 1, '0') AS DECIMAL(38, 0))), u -> named_struct('low', CAST((x.high - x.high % u) / u AS BIGINT), 'twice', CAST(x.high % u AS DECIMAL(38, 0)) * 2, 'u', u))[0]), n -> CASE WHEN n.twice > n.u OR n.twice = n.u AND (x.isCut OR n.low % 2 = 1) THEN named_struct('near', n.low + 1, 'far', n.low) ELSE named_struct('near', n.low, 'far', n.low + 1) END)[0]), c -> CASE WHEN try_cast(concat(c.near, 'E', d.point - 16) AS DOUBLE) = a THEN named_struct('digits', trim(TRAILING '0' FROM CAST(c.near AS STRING)), 'point', d.point + char_length(CAST(c.near AS STRING)) - 16) WHEN try_cast(concat(c.far, 'E', d.point - 16) AS DOUBLE) = a THEN named_struct('digits', trim(TRAILING '0' FROM CAST(c.far AS STRING)), 'point', d.point + char_length(CAST(c.far AS STRING)) - 16) END)[0], transform(array(transform(array(transform(array(CAST(rpad('1', d.point - 17 + x.shift + 1, '0') AS DECIMAL(38, 0))), u -> named_struct('low', CAST((x.high - x.high % u) / u AS BIGINT), 'twice', CAST(x.high % u AS DECIMAL(38, 0)) * 2, 'u', u))[0]), n -> CASE WHEN n.twice > n.u OR n.twice = n.u AND (x.isCut OR n.low % 2 = 1) THEN named_struct('near', n.low + 1, 'far', n.low) ELSE named_struct('near', n.low, 'far', n.low + 1) END)[0]), c -> named_struct('digits', trim(TRAILING '0' FROM CAST(c.near AS STRING)), 'point', d.point + char_length(CAST(c.near AS STRING)) - 17))[0]))[0])[0] ELSE d END), s -> CASE WHEN s.point BETWEEN char_length(s.digits) AND 21 THEN concat(s.digits, repeat('0', s.point - char_length(s.digits)), '.0') WHEN s.point BETWEEN 1 AND 21 THEN concat(substring(s.digits, 1, s.point), '.', substring(s.digits, s.point + 1)) WHEN s.point BETWEEN -5 AND 0 THEN concat('0.', repeat('0', -s.point), s.digits) ELSE concat(concat(substring(s.digits, 1, 1),
  CASE WHEN char_length(s.digits) > 1 THEN '.' ELSE '' END, substring(s.digits, 2)), 'e', s.point - 1) END)[0])[0])[0])[0] END))[0], 'odd', TRUE) ELSE named_struct('text', n, 'odd', TRUE) END)[0] END)[0] ELSE named_struct('text', s, 'odd', FALSE) END)[0] END) AS j_read
FROM (SELECT *,
  CASE WHEN j_is_quick THEN array(try_variant_get(j_json, '\u0024[0]["n"]'), try_variant_get(j_json, '\u0024[0]["ts"]')) WHEN j_json IS NOT NULL THEN array(transform(array(try_variant_get(j_json, '$[0]', 'map<string,variant>')), m -> try_element_at(m, array_min(filter(map_keys(m), k -> substring(k, 9) = 'n'))))[0], transform(array(try_variant_get(j_json, '$[0]', 'map<string,variant>')), m -> try_element_at(m, array_min(filter(map_keys(m), k -> substring(k, 9) = 'ts'))))[0]) END AS j_items
FROM (SELECT *,
  CASE WHEN j_is_quick THEN j_quick WHEN try_variant_get(j_careful, '$[1]', 'string') = md5(line) AND try_variant_get(j_careful, '$[2]') IS NULL THEN j_careful END AS j_json
FROM (SELECT *,
  CASE WHEN NOT array_contains(j_tokens, '"') THEN try_parse_json(concat('[', array_join(transform(j_tokens, (t, i) -> CASE WHEN NOT startswith(t, '"') THEN regexp_replace(t, '(?<![^ \\t\\r\\n,:\\[])(?:-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|-?(?i:nan|inf(?:inity)?))(?=[ \\t\\r\\n]*+(?:[,\\]}]|\\z))', '"\\\\u0000#\u00240"') WHEN get(j_tokens, i + 1) RLIKE '\\A[ \\t\\r\\n]*+:' THEN concat('"', lpad(CAST(i AS STRING), 7, '0'), ':',
  CASE WHEN char_length(t) > 40000 THEN '"' ELSE substring(t, 2) END) ELSE t END), ''), ',"', md5(line), '"]')) END AS j_careful
FROM (SELECT *,
  CASE WHEN NOT j_is_swift AND NOT j_is_quick AND line RLIKE '\\A(?:[^\\\\]|\\\\[^u]|\\\\u(?:[1-9A-CEFa-cef][0-9A-Fa-f]{3}|0(?:0(?:0[1-9A-Fa-f]|[1-9A-Fa-f][0-9A-Fa-f])|[1-9A-Fa-f][0-9A-Fa-f]{2})|[Dd](?:[0-7][0-9A-Fa-f]{2}|[89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})))*+\\z' THEN regexp_extract_all(line, '"(?:[^"\\\\]|\\\\[\\x00-\\x{10ffff}])*+"|[^"]++|"', 0) END AS j_tokens
FROM (SELECT *,
  coalesce(try_variant_get(j_quick, '$[1]', 'string') = j_seal AND try_variant_get(j_quick, '$[2]') IS NULL, FALSE) AS j_is_quick
FROM (SELECT *,
  CASE WHEN NOT j_is_swift AND NOT ((contains(line, '\\u') AND line RLIKE '\\\\u(?:0000|[dD][89a-fA-F])') OR contains(line, '-0') AND line RLIKE '-0(?:\\.0+|[eE])' OR line RLIKE '[0-9]{19}[0-9.]') THEN try_parse_json(concat('[', line, ',"', j_seal, '"]')) END AS j_quick
FROM (SELECT *, j_map IS NOT NULL AND NOT coalesce(ascii(j_text0) IN (123, 91, 34) OR contains(j_text0, '.') AND right(j_text0, 1) <= '9' AND j_text0 RLIKE '\\A\\-?[0-9]++\\.[0-9]++(?:E\\-?[0-9]++)?\\z' AND (char_length(j_text0) > 16 OR contains(j_text0, 'E') OR contains(line, concat('"', j_text0, '"')) OR contains(line, '\\u')), FALSE) AND NOT coalesce(ascii(j_text1) IN (123, 91, 34) OR contains(j_text1, '.') AND right(j_text1, 1) <= '9' AND j_text1 RLIKE '\\A\\-?[0-9]++\\.[0-9]++(?:E\\-?[0-9]++)?\\z' AND (char_length(j_text1) > 16 OR contains(j_text1, 'E') OR contains(line, concat('"', j_text1, '"')) OR contains(line, '\\u')), FALSE) AS j_is_swift
FROM (SELECT *, try_element_at(j_map, 'n') AS j_text0, try_element_at(j_map, 'ts') AS j_text1
FROM (SELECT *,
  CASE WHEN size(j_maps) = 2 AND try_element_at(get(j_maps, 1), '') = j_seal THEN get(j_maps, 0) END AS j_map
FROM (SELECT *,
  CASE WHEN NOT (contains(line, '\\u') AND line RLIKE '\\\\u(?:0000|[dD][89a-fA-F])') THEN from_json(concat('[', line, ',{"":"', j_seal, '"}]'), 'array<map<string,string>>', map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')) END AS j_maps
FROM (SELECT *,
  CASE WHEN contains(line, ']') THEN md5(line) ELSE '' END AS j_seal
FROM (SELECT *, decoded AS line
FROM (SELECT *, try_validate_utf8(CAST(CASE WHEN octet_length(raw) <= 1048576 THEN raw END AS STRING)) AS decoded
FROM (SELECT "offset", raw FROM lines JOIN (SELECT window_ms AS note, bits FROM parsed_groups WHERE verdict = 3) ON "offset" div 64 = note AND getbit(bits, CAST("offset" % 64 AS INT)) = 1))))))))))))))))))))));

-- tally base of m
SELECT window_ms,
  sum(sum_0) AS sum_0,
  sum(sum_1) AS sum_1,
  sum(records) AS records
FROM (SELECT window_ms, sum_0, sum_1, records FROM parsed_groups WHERE verdict = 0 UNION ALL SELECT (event_ms - ((event_ms % 3600000) + 3600000) % 3600000) AS window_ms,
  sum(CAST((CAST(f0 AS DECIMAL(38, 0)) * 2) AS DECIMAL(38, 0))) AS sum_0,
  sum(CAST(f0 AS DECIMAL(38, 0))) AS sum_1,
  count(*) AS records FROM parsed WHERE reason IS NULL AND NOT (e0) AND (TRUE) GROUP BY 1) GROUP BY 1;
