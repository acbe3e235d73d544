/** SQL that turns notes of single windows, as reports had them once, into ranges. Migrations hold its text: leave it as it is. */

/** From `late_windows` to `late_ranges`: at most 1,000 of a metric's version, with the widest gaps between them. */
export function convertLateWindows(schema: string): string {
  const version = 'tenant, source, metric, version'
  return `INSERT INTO ${schema}.late_ranges (${version}, from_time, to_time, lines, end_offset)
    WITH noted AS (
      SELECT l.tenant, l.source, l.metric, l.version, l.window_start, sum(l.lines) AS lines,
        max(l.end_offset) AS end_offset, max(l.window_start + m.window_ms * INTERVAL '1 millisecond') AS window_end
      FROM ${schema}.late_windows l JOIN ${schema}.metrics m
        ON m.tenant = l.tenant AND m.metric = l.metric AND m.version = l.version
      GROUP BY l.tenant, l.source, l.metric, l.version, l.window_start),
    spaced AS (
      SELECT noted.*, window_start - lag(window_end) OVER (PARTITION BY ${version} ORDER BY window_start) AS gap
      FROM noted),
    ranked AS (
      SELECT spaced.*, row_number() OVER (PARTITION BY ${version} ORDER BY gap DESC NULLS FIRST) AS place
      FROM spaced),
    marked AS (
      SELECT ranked.*, sum(CASE WHEN gap IS NULL OR (gap > INTERVAL '0 seconds' AND place <= 1000) THEN 1 ELSE 0 END)
        OVER (PARTITION BY ${version} ORDER BY window_start) AS island
      FROM ranked)
    SELECT ${version}, min(window_start), max(window_end), sum(lines), max(end_offset)
    FROM marked GROUP BY ${version}, island`
}
