-- The first schema. Names of tables and columns are the field's words (ARCHITECTURE.md).
-- Ids of people and tenants are uuids; what is joined and sorted by the thousand has a bigint.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Reseller to customer, any depth. Path and root follow from the parent; one currency per root.
CREATE TABLE tenant (
  id                   uuid PRIMARY KEY,
  parent_id            uuid REFERENCES tenant,
  root_id              uuid NOT NULL REFERENCES tenant,
  path                 uuid[] NOT NULL,
  name                 text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  currency             text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  suspended_at         timestamptz,
  max_sessions         integer CHECK (max_sessions >= 0),
  max_session_seconds  integer CHECK (max_session_seconds > 0),
  created_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_in           xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (id, currency),
  FOREIGN KEY (root_id, currency) REFERENCES tenant (id, currency),
  CHECK ((parent_id IS NULL) = (root_id = id)),
  CHECK (path[1] = root_id AND path[cardinality(path)] = id)
);
CREATE INDEX tenant_path ON tenant USING gin (path);
CREATE INDEX tenant_changed_in ON tenant (changed_in);

CREATE FUNCTION tenant_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.parent_id IS NULL THEN
    NEW.root_id := NEW.id;
    NEW.path := ARRAY[NEW.id];
  ELSE
    SELECT p.root_id, p.path || NEW.id INTO NEW.root_id, NEW.path FROM tenant p WHERE p.id = NEW.parent_id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER tenant_place BEFORE INSERT ON tenant FOR EACH ROW EXECUTE FUNCTION tenant_place();

-- Rows that every process keeps a copy of carry the transaction that changed them, which is how a reader that knows its
-- last snapshot asks for all it has not seen, without missing a commit that came late.
CREATE FUNCTION changed_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER tenant_changed BEFORE UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION changed_now();

-- A key is 256 random bits, shown once; only its SHA-256 is kept.
CREATE TABLE api_key (
  id          uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL REFERENCES tenant,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  sha256      bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at  timestamptz,
  changed_in  xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX api_key_tenant ON api_key (tenant_id);
CREATE INDEX api_key_changed_in ON api_key (changed_in);
CREATE TRIGGER api_key_changed BEFORE UPDATE ON api_key FOR EACH ROW EXECUTE FUNCTION changed_now();

-- What a tenant is charged by the one above it. A version is never changed, only followed by another.
CREATE TABLE price_version (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id        uuid NOT NULL REFERENCES tenant,
  model            text,                                  -- null: every model without a price of its own
  unit             text NOT NULL DEFAULT 'second' CHECK (unit = 'second'),
  micros_per_unit  numeric(24, 6) NOT NULL CHECK (micros_per_unit >= 0),
  rounding         text NOT NULL DEFAULT 'ceil' CHECK (rounding IN ('ceil', 'floor')),
  step_seconds     integer NOT NULL DEFAULT 1 CHECK (step_seconds >= 1),
  minimum_seconds  integer NOT NULL DEFAULT 0 CHECK (minimum_seconds >= 0),
  valid_from       timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_until      timestamptz,
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_in       xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CHECK (valid_until > valid_from),
  EXCLUDE USING gist (tenant_id WITH =, coalesce(model, '') WITH =, unit WITH =, tstzrange(valid_from, valid_until) WITH &&)
);
CREATE INDEX price_version_changed_in ON price_version (changed_in);
CREATE TRIGGER price_version_changed BEFORE UPDATE ON price_version FOR EACH ROW EXECUTE FUNCTION changed_now();

-- One row per life of a process. Its lease is renewed by every mark flush; whoever finds it lapsed marks it dead, once.
CREATE TABLE process (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease_until  timestamptz NOT NULL,
  dead_at      timestamptz,
  finished_at  timestamptz                                -- dead, and nothing of it is left to finish
) WITH (fillfactor = 50);
CREATE INDEX process_living ON process (id) WHERE dead_at IS NULL;
CREATE INDEX process_unfinished ON process (id) WHERE dead_at IS NOT NULL AND finished_at IS NULL;

-- The list that people filter. Written when a session changes, never per tick.
CREATE TABLE session (
  id                    uuid PRIMARY KEY,
  tenant_id             uuid NOT NULL REFERENCES tenant,
  path                  uuid[] NOT NULL,
  api_key_id            uuid NOT NULL REFERENCES api_key,
  end_user              text,
  provider              text NOT NULL,
  model                 text NOT NULL,
  dialect               text NOT NULL,
  metadata              jsonb,
  client_address        text,
  user_agent            text,
  owner                 bigint NOT NULL REFERENCES process,
  epoch                 integer NOT NULL DEFAULT 1,
  phase                 text NOT NULL DEFAULT 'opening',
  node_status           text,
  queue_position        integer,
  queue_size            integer,
  upstream_session_id   text,
  generated_ms          bigint NOT NULL DEFAULT 0,        -- final once the session has ended; until then ask its generations
  close_code            integer,
  close_reason          text,
  created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  end_requested         integer,                          -- a close code asked for by a process that does not own the session
  ended_at              timestamptz,
  pruned_at             timestamptz,                      -- its timeline was given up by retention
  CHECK ((ended_at IS NULL) = (close_code IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX session_tenant ON session (tenant_id, id);
CREATE INDEX session_live_by_tenant ON session (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX session_live_by_owner ON session (owner) WHERE ended_at IS NULL;
CREATE INDEX session_end_requested ON session (owner) WHERE ended_at IS NULL AND end_requested IS NOT NULL;
CREATE INDEX session_to_prune ON session (ended_at) WHERE ended_at IS NOT NULL AND pruned_at IS NULL;

-- One run of a provider's counter. The mark is the truth; it is raised twice a second, so nothing that changes is indexed
-- and every page keeps room for the next version of its rows.
CREATE TABLE generation (
  id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id           uuid NOT NULL REFERENCES session,
  run                  integer NOT NULL CHECK (run > 0),
  upstream_session_id  text,
  epoch                integer NOT NULL,
  mark_ms              bigint NOT NULL DEFAULT 0 CHECK (mark_ms >= 0),
  ledgered_ms          bigint NOT NULL DEFAULT 0,
  authorised_ms        bigint,                            -- null: no wallet or credit limit holds this generation
  claimed_ms           bigint,                            -- what the provider claimed, where the clock did not believe it
  started_at           timestamptz NOT NULL,
  closed_at            timestamptz,
  close_reason         text,
  UNIQUE (session_id, run),
  CHECK (ledgered_ms BETWEEN 0 AND mark_ms),
  CHECK (closed_at IS NULL OR ledgered_ms = mark_ms)
) WITH (fillfactor = 50);

-- Which price every level of the tree locked when the generation started. Charges are derived from it, never stored.
CREATE TABLE generation_price (
  generation_id     bigint NOT NULL REFERENCES generation,
  tenant_id         uuid NOT NULL REFERENCES tenant,
  price_version_id  bigint NOT NULL REFERENCES price_version,
  PRIMARY KEY (generation_id, tenant_id)
);

-- Append-only: ranges [from_ms, to_ms) of a generation that can neither overlap nor be changed, whatever the program does.
CREATE TABLE usage_ledger (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  generation_id  bigint NOT NULL REFERENCES generation,
  tenant_id      uuid NOT NULL REFERENCES tenant,
  from_ms        bigint NOT NULL CHECK (from_ms >= 0),
  to_ms          bigint NOT NULL,
  recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (to_ms > from_ms),
  EXCLUDE USING gist (generation_id WITH =, int8range(from_ms, to_ms) WITH &&)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER usage_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The control timeline. An event that changed the phase carries the new one, and that span lasts until the next such event.
CREATE TABLE session_event (
  session_id  uuid NOT NULL REFERENCES session ON DELETE CASCADE,
  seq         integer NOT NULL,
  at          timestamptz NOT NULL,
  kind        text NOT NULL,
  phase       text,
  detail      jsonb,
  PRIMARY KEY (session_id, seq)
);
CREATE UNIQUE INDEX session_event_one_end ON session_event (session_id) WHERE kind = 'session_ended';

CREATE VIEW session_span AS
  SELECT session_id, phase, at AS started_at, lead(at) OVER (PARTITION BY session_id ORDER BY seq) AS ended_at
  FROM session_event WHERE phase IS NOT NULL;

-- The key ring of the client tokens, each key wrapped with the operator's master key.
CREATE TABLE data_protection_key (
  name        text PRIMARY KEY,
  xml         text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
