CREATE TEMPORARY VIEW lines_0_0 ("offset" BIGINT, observed_ms BIGINT, raw BINARY) USING parquet OPTIONS (path 'file:///archive', pathGlobFilter '{a.parquet}');
CREATE TEMPORARY VIEW lines_0 AS SELECT "offset", observed_ms, raw FROM lines_0_0 WHERE observed_ms < 2000;
