-- Reconciliation: what was compared and found, and what was put right by whom.
-- The previous version of the program runs on it unchanged.

CREATE TABLE reconciliation_run (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('scheduled', 'request', 'command')),
  started_at   timestamptz NOT NULL,
  finished_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  from_at      timestamptz NOT NULL,
  to_at        timestamptz NOT NULL,
  lanes        integer NOT NULL,                          -- whose sinks' own counts were read
  findings     integer NOT NULL,
  seconds      numeric NOT NULL,                          -- unexplained
  actor        text,
  reason       text,
  drift        jsonb NOT NULL                             -- the provider's count against ours, by model and close reason
);
CREATE INDEX reconciliation_run_started ON reconciliation_run (kind, started_at);

CREATE TABLE reconciliation_finding (
  run_id   bigint NOT NULL REFERENCES reconciliation_run ON DELETE CASCADE,
  place    integer NOT NULL,
  kind     text NOT NULL,
  seconds  numeric NOT NULL,
  reason   text NOT NULL,
  detail   jsonb NOT NULL,                                -- sessions, ledger rows, batches, times
  PRIMARY KEY (run_id, place)
);

-- A difference is put right once, by its key. The rows of it are wallet entries and batches; this one says who wanted it, and why.
CREATE TABLE reconciliation_correction (
  key      text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  action   text NOT NULL,
  seconds  numeric NOT NULL,
  actor    text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
  reason   text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000)
);
CREATE TRIGGER reconciliation_correction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_correction
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A correction of what one sink counts is netted there alone, and costs or gives no money: what was charged was right.
ALTER TABLE wallet_entry
  ADD COLUMN export_target_id uuid REFERENCES export_target,
  DROP CONSTRAINT wallet_entry_micros_check,
  ADD CONSTRAINT wallet_entry_micros_check CHECK (micros <> 0 OR seconds IS NOT NULL);

-- A provider's invoice names sessions by the provider's ids.
CREATE INDEX generation_upstream ON generation (upstream_session_id) WHERE upstream_session_id IS NOT NULL;
CREATE INDEX reconciliation_request_open ON reconciliation_request (id) WHERE done_at IS NULL;
