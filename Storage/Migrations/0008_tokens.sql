-- Tokens: what a provider counts by response, what it costs, and how far wallets were charged for it.
-- The previous version of the program runs on it unchanged.
--
-- Counts and prices are arrays by kind, in the order of Domain/Billing/Tokens/TokenKind.cs: text, audio, image; cached text, cached audio,
-- cached image; text and audio out; milliseconds transcribed. Kinds may be added at the end; one that an array is too short for is 0.

-- What a tenant is charged by the one above it for a million of each kind. A version is never changed, only followed by another.
CREATE TABLE token_price_version (
  id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id           uuid NOT NULL REFERENCES tenant,
  model               text,                               -- null: every model without a price of its own
  micros_per_million  numeric(24, 6)[] NOT NULL CHECK (cardinality(micros_per_million) BETWEEN 1 AND 64
                        AND 0 <= ALL (micros_per_million) AND array_position(micros_per_million, NULL) IS NULL),
  valid_from          timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_until         timestamptz,
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (valid_until > valid_from),
  EXCLUDE USING gist (tenant_id WITH =, coalesce(model, '') WITH =, tstzrange(valid_from, valid_until) WITH &&)
);

-- What the platform pays a provider for them.
CREATE TABLE token_cost_version (
  id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider            text NOT NULL,
  model               text,
  currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  micros_per_million  numeric(24, 6)[] NOT NULL CHECK (cardinality(micros_per_million) BETWEEN 1 AND 64
                        AND 0 <= ALL (micros_per_million) AND array_position(micros_per_million, NULL) IS NULL),
  valid_from          timestamptz NOT NULL DEFAULT clock_timestamp(),
  valid_until         timestamptz,
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (valid_until > valid_from),
  EXCLUDE USING gist (provider WITH =, coalesce(model, '') WITH =, currency WITH =, tstzrange(valid_from, valid_until) WITH &&)
);

-- The price version that a tenant has for a model's tokens at an instant; a price for that very model goes before one for all.
CREATE FUNCTION token_price_at(tenant uuid, of_model text, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT p.id FROM token_price_version p
  WHERE p.tenant_id = tenant AND (p.model = of_model OR p.model IS NULL) AND p.valid_from <= at AND (p.valid_until IS NULL OR at < p.valid_until)
  ORDER BY p.model NULLS LAST LIMIT 1
$$;

-- What one session uses of one model. Its first usage opens it, and locks the prices, the cost and the wallets it is charged to.
CREATE TABLE token_meter (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id       uuid NOT NULL REFERENCES session,
  tenant_id        uuid NOT NULL,                         -- its session's; see usage_ledger
  model            text NOT NULL,
  payers           uuid[] NOT NULL,
  cost_version_id  bigint REFERENCES token_cost_version,
  counted          bigint[] NOT NULL DEFAULT '{}',        -- the sum of its rows
  settled          bigint[] NOT NULL DEFAULT '{}',        -- as much of it as the wallets were charged for
  started_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (session_id, model)
) WITH (fillfactor = 50);
CREATE INDEX token_meter_to_settle ON token_meter (id) WHERE settled <> counted AND payers <> '{}';

-- Which price every level of the tree locked.
CREATE TABLE token_price (
  meter_id                bigint NOT NULL REFERENCES token_meter,
  tenant_id               uuid NOT NULL,
  token_price_version_id  bigint NOT NULL REFERENCES token_price_version,
  PRIMARY KEY (meter_id, tenant_id)
);

-- Append-only: what one response used, once in its session, whatever the program does. Before is the sum of the rows before it, so that
-- its charge is a difference of the price's cumulative function.
CREATE TABLE token_usage (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  meter_id       bigint NOT NULL REFERENCES token_meter,
  session_id     uuid NOT NULL,
  tenant_id      uuid NOT NULL,
  usage_id       text NOT NULL CHECK (length(usage_id) BETWEEN 1 AND 128),  -- the provider's id of the response, or of the item that was transcribed
  source         text NOT NULL CHECK (source IN ('response', 'transcription')),
  counts         bigint[] NOT NULL CHECK (0 <= ALL (array_remove(counts, NULL))), -- null within: unknown
  before         bigint[] NOT NULL CHECK (0 <= ALL (before)),
  input_tokens   bigint,                                  -- the provider's own totals
  output_tokens  bigint,
  anomalies      text[] NOT NULL DEFAULT '{}',
  told_at        timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (session_id, usage_id)
);
CREATE INDEX token_usage_meter ON token_usage (meter_id, id);
CREATE INDEX token_usage_tenant_at ON token_usage (tenant_id, recorded_at);
CREATE TRIGGER token_usage_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON token_usage
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The rule of Domain/Billing/Tokens/TokenPrice.cs; a law holds both to the same results.
CREATE FUNCTION token_micros(counts bigint[], micros_per_million numeric[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(floor(sum(u.count * u.price) / 1000000), 0)::bigint FROM unnest(counts, micros_per_million) AS u (count, price)
$$;

-- Counts together; what is unknown adds nothing.
CREATE FUNCTION token_sum(one bigint[], other bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(coalesce(u.a, 0) + coalesce(u.b, 0) ORDER BY u.place), '{}') FROM unnest(one, other) WITH ORDINALITY AS u (a, b, place)
$$;

-- What each level of the tree owes for each row.
CREATE VIEW token_charge AS
  SELECT u.id AS usage_id, u.meter_id, u.session_id, u.tenant_id, m.model, u.counts, u.recorded_at, u.recorded_in,
         p.tenant_id AS payer_id, p.token_price_version_id,
         token_micros(token_sum(u.before, u.counts), v.micros_per_million) - token_micros(u.before, v.micros_per_million) AS micros
  FROM token_usage u
  JOIN token_meter m ON m.id = u.meter_id
  JOIN token_price p ON p.meter_id = m.id
  JOIN token_price_version v ON v.id = p.token_price_version_id;

-- What the platform owes the provider for each row.
CREATE VIEW token_cost AS
  SELECT u.id AS usage_id, u.meter_id, u.session_id, u.tenant_id, u.recorded_at, v.id AS cost_version_id,
         token_micros(token_sum(u.before, u.counts), v.micros_per_million) - token_micros(u.before, v.micros_per_million) AS micros
  FROM token_usage u
  JOIN token_meter m ON m.id = u.meter_id
  JOIN token_cost_version v ON v.id = m.cost_version_id;
