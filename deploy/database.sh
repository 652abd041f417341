#!/bin/sh
# Run once by the image of PostgreSQL: the role of the app, and its database.
set -eu
psql -q -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE palier LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE palier OWNER palier;
SQL
