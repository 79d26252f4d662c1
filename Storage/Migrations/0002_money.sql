-- Money: what seconds cost, wallets and what is held of them, and the seconds that wallets have been charged for.
-- The previous version of the program runs on it unchanged.

-- What the platform pays a provider. The counterpart of price_version below the root of every tree.
CREATE TABLE cost_version (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider         text NOT NULL,
  model            text,                                  -- null: every model without a cost of its own
  currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  unit             text NOT NULL DEFAULT 'second' CHECK (unit = 'second'),
  micros_per_unit  numeric(24, 6) NOT NULL CHECK (micros_per_unit >= 0),
  rounding         text NOT NULL DEFAULT 'ceil' CHECK (rounding IN ('ceil', 'floor')),
  step_seconds     integer NOT NULL DEFAULT 1 CHECK (step_seconds >= 1),
  minimum_seconds  integer NOT NULL DEFAULT 0 CHECK (minimum_seconds >= 0),
  valid_from       timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_until      timestamptz,
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (valid_until > valid_from),
  EXCLUDE USING gist (provider WITH =, coalesce(model, '') WITH =, currency WITH =, unit WITH =, tstzrange(valid_from, valid_until) WITH &&)
);

-- A tenant's account with the one above it. Available is granted + credit limit - settled - held; below zero it is debt.
-- Wallets are never deleted: a run is charged to those that existed when it opened.
CREATE TABLE wallet (
  tenant_id            uuid PRIMARY KEY REFERENCES tenant,
  granted_micros       bigint NOT NULL DEFAULT 0,         -- the sum of its entries
  settled_micros       bigint NOT NULL DEFAULT 0 CHECK (settled_micros >= 0),
  held_micros          bigint NOT NULL DEFAULT 0 CHECK (held_micros >= 0),
  credit_limit_micros  bigint DEFAULT 0 CHECK (credit_limit_micros >= 0), -- 0: prepaid. null: nobody is stopped, usage is only counted
  blind_seconds        integer DEFAULT 30 CHECK (blind_seconds >= 0),     -- how long a session may go on unheld while the database is away; null: for ever
  created_at           timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- What may still be used of the wallets above one session: the price of authorised_ms less what is settled, by wallet.
CREATE TABLE hold (
  session_id     uuid PRIMARY KEY REFERENCES session,
  root_id        uuid NOT NULL REFERENCES tenant,
  run            integer NOT NULL DEFAULT 1,              -- the run it is for, or the next one
  authorised_ms  bigint NOT NULL CHECK (authorised_ms >= 0),
  wallets        uuid[] NOT NULL,
  held_micros    bigint[] NOT NULL,
  is_due         boolean NOT NULL DEFAULT false,          -- the session is over: to be released
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (cardinality(wallets) = cardinality(held_micros))
) WITH (fillfactor = 50);
CREATE INDEX hold_due ON hold (root_id) WHERE is_due;

-- Top-ups, credits and corrections: append-only, and repeatable by the caller's key.
CREATE TABLE wallet_entry (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id      uuid NOT NULL REFERENCES wallet,
  key            text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  kind           text NOT NULL CHECK (kind IN ('top_up', 'credit', 'adjustment', 'correction')),
  micros         bigint NOT NULL CHECK (micros <> 0),
  actor          text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
  reason         text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  generation_id  bigint REFERENCES generation,            -- what a correction corrects
  seconds        bigint,                                  -- exported seconds that a correction takes back or adds
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (tenant_id, key),
  CHECK (kind = 'correction' OR (generation_id IS NULL AND seconds IS NULL))
);
CREATE INDEX wallet_entry_tenant ON wallet_entry (tenant_id, id);
CREATE TRIGGER wallet_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An event is raised once when what is available falls below a threshold, and again only after it was back above.
CREATE TABLE wallet_threshold (
  tenant_id  uuid NOT NULL REFERENCES wallet,
  micros     bigint NOT NULL,
  is_below   boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, micros)
);
CREATE TABLE wallet_event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id  uuid NOT NULL REFERENCES wallet,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind       text NOT NULL CHECK (kind IN ('balance_below')),
  detail     jsonb NOT NULL
);
CREATE INDEX wallet_event_tenant ON wallet_event (tenant_id, id);

-- Who changed what that has to do with money or rights.
CREATE TABLE audit (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  tenant_id  uuid REFERENCES tenant,                      -- whose affairs it was about; null: the platform's itself
  actor      text NOT NULL,
  action     text NOT NULL,
  detail     jsonb NOT NULL
);
CREATE INDEX audit_tenant ON audit (tenant_id, id);
CREATE INDEX audit_at ON audit (at);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A run locks its cost and the wallets it is charged to when it opens, beside its prices. settled_ms is how far those wallets
-- have been charged; settled_at says that they have been for the closed run. None of it is touched by the flush.
ALTER TABLE generation
  ADD COLUMN cost_version_id  bigint REFERENCES cost_version,
  ADD COLUMN payers           uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN settled_ms       bigint NOT NULL DEFAULT 0,
  ADD COLUMN settled_at       timestamptz,
  ADD COLUMN blind_ms         bigint NOT NULL DEFAULT 0,   -- generated beyond what was authorised, while nobody could be asked
  ADD CHECK (settled_ms BETWEEN 0 AND ledgered_ms);
CREATE INDEX generation_to_settle ON generation (id) WHERE closed_at IS NOT NULL AND settled_at IS NULL AND payers <> '{}';

-- recorded_in is the transaction that appended the row, so that a reader who remembers its last snapshot misses none. One that is
-- appended while its run is open leaves the last millisecond for the close: every closed run has a last row to carry its rounding.
ALTER TABLE usage_ledger ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id();
-- The tenant of a row is copied from its session, which has it from tenant, where nobody may delete. A check of its own would lock the
-- tenant's row for every row of the ledger, and make tenants with many sessions wait for themselves.
ALTER TABLE usage_ledger DROP CONSTRAINT usage_ledger_tenant_id_fkey;
CREATE INDEX usage_ledger_tenant_in ON usage_ledger (tenant_id, recorded_in);
CREATE INDEX usage_ledger_tenant_at ON usage_ledger (tenant_id, recorded_at);

-- The rules of Domain/Billing/{Rounding,Price}.cs for sums over many runs; a law holds both to the same results.
CREATE FUNCTION billed_seconds(ms bigint, closed boolean, rounding text, step_seconds integer, minimum_seconds integer)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN NOT closed OR ms = 0 THEN ms / (step_seconds * 1000::bigint) * step_seconds
    ELSE greatest(
      ms / (step_seconds * 1000::bigint) * step_seconds
        + CASE WHEN rounding = 'ceil' AND ms % (step_seconds * 1000::bigint) <> 0 THEN step_seconds ELSE 0 END,
      minimum_seconds) END
$$;

-- The price version that a tenant has for a model at an instant; a price for that very model goes before one for all.
CREATE FUNCTION price_at(tenant uuid, of_model text, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT p.id FROM price_version p
  WHERE p.tenant_id = tenant AND p.unit = 'second' AND (p.model = of_model OR p.model IS NULL)
    AND p.valid_from <= at AND (p.valid_until IS NULL OR at < p.valid_until)
  ORDER BY p.model NULLS LAST LIMIT 1
$$;

-- What each level of the tree owes for each row of the ledger: the difference of its price's cumulative function.
CREATE VIEW ledger_charge AS
  SELECT l.id AS ledger_id, l.generation_id, l.tenant_id, l.from_ms, l.to_ms, l.recorded_at, l.recorded_in,
         p.tenant_id AS payer_id, p.price_version_id, u.seconds_to - u.seconds_from AS seconds,
         (floor(u.seconds_to * v.micros_per_unit) - floor(u.seconds_from * v.micros_per_unit))::bigint AS micros
  FROM usage_ledger l
  JOIN generation g ON g.id = l.generation_id
  JOIN generation_price p ON p.generation_id = g.id
  JOIN price_version v ON v.id = p.price_version_id
  CROSS JOIN LATERAL (SELECT
    billed_seconds(l.to_ms, g.closed_at IS NOT NULL AND l.to_ms = g.mark_ms, v.rounding, v.step_seconds, v.minimum_seconds) AS seconds_to,
    billed_seconds(l.from_ms, false, v.rounding, v.step_seconds, v.minimum_seconds) AS seconds_from) u;

-- What the platform owes the provider for each row.
CREATE VIEW ledger_cost AS
  SELECT l.id AS ledger_id, l.generation_id, l.tenant_id, l.recorded_at, v.id AS cost_version_id, u.seconds_to - u.seconds_from AS seconds,
         (floor(u.seconds_to * v.micros_per_unit) - floor(u.seconds_from * v.micros_per_unit))::bigint AS micros
  FROM usage_ledger l
  JOIN generation g ON g.id = l.generation_id
  JOIN cost_version v ON v.id = g.cost_version_id
  CROSS JOIN LATERAL (SELECT
    billed_seconds(l.to_ms, g.closed_at IS NOT NULL AND l.to_ms = g.mark_ms, v.rounding, v.step_seconds, v.minimum_seconds) AS seconds_to,
    billed_seconds(l.from_ms, false, v.rounding, v.step_seconds, v.minimum_seconds) AS seconds_from) u;
