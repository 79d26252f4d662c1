#!/usr/bin/env bash
# The two roles and their database, made once, when the server's volume is empty: one that owns the tables and migrates them,
# one that the nodes connect as, which owns none. docker-compose.yml mounts it into /docker-entrypoint-initdb.d.

set -euo pipefail

psql -v ON_ERROR_STOP=1 -v owner="$ORCHESTRATOR_OWNER_PASSWORD" -v application="$ORCHESTRATOR_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE orchestrator_owner LOGIN PASSWORD :'owner';
CREATE ROLE orchestrator LOGIN PASSWORD :'application';
CREATE DATABASE orchestrator OWNER orchestrator_owner;
REVOKE CONNECT ON DATABASE orchestrator FROM PUBLIC;
GRANT CONNECT ON DATABASE orchestrator TO orchestrator;
SQL
