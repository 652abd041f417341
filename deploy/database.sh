#!/bin/sh
# Run once by the image of PostgreSQL: the role of the app, and its database.
set -eu
psql -q -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE palier LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE palier OWNER palier;
-- The log of writes keeps nothing of who was erased: the app may begin it anew.
ALTER SYSTEM SET wal_recycle = off;
SELECT pg_reload_conf();
GRANT pg_checkpoint TO palier;
\connect palier
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO palier;
SQL
