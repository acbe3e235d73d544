-- Least rights for a report in PostgreSQL: a role that publishes and a role that reads. Run once by an administrator,
-- connected to the database that is to hold the report, before the first batch:
--
--   psql -d metrics -f roles.sql
--
-- Then give each person or program a login of its own: CREATE ROLE grafana LOGIN IN ROLE millrace_reader, with a
-- password by \password grafana. The batch logs in as millrace_writer, or as a member that owns the two schemas.
-- For another schema than `millrace`, replace the two names of schemas throughout.

CREATE ROLE millrace_writer LOGIN;
CREATE ROLE millrace_reader NOLOGIN;

-- The writer owns its two schemas and nothing else; it may create no others.
CREATE SCHEMA millrace AUTHORIZATION millrace_writer;
CREATE SCHEMA millrace_views AUTHORIZATION millrace_writer;

-- Readers see tables that are there and those that later runs create.
GRANT USAGE ON SCHEMA millrace, millrace_views TO millrace_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA millrace, millrace_views TO millrace_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE millrace_writer IN SCHEMA millrace, millrace_views
  GRANT SELECT ON TABLES TO millrace_reader;
