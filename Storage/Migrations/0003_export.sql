-- Export: where the seconds of a payer go, the batches that were frozen for it, and what became of each.
-- The previous version of the program runs on it unchanged.

-- One lane has one request under way in the whole cluster. Who takes it raises the turn, and what it does is void once another has.
CREATE TABLE export_lane (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind           text NOT NULL CHECK (kind IN ('stripe', 'cloud_events', 'file')),
  account        text NOT NULL CHECK (length(account) <= 200),  -- whose limits it counts in; see ExportTargetAdmin
  event_name     text NOT NULL CHECK (length(event_name) BETWEEN 1 AND 100),
  customer       text NOT NULL CHECK (length(customer) BETWEEN 1 AND 100),
  turn           bigint NOT NULL DEFAULT 0,
  held_by        bigint,                                  -- a process, for people to read
  held_until     timestamptz,                             -- longer than any request takes
  blocked_until  timestamptz,                             -- the wait before the next attempt
  UNIQUE (kind, account, event_name, customer)
) WITH (fillfactor = 50);

-- All seconds at or below the tenant, as it is charged for them, go to one lane.
CREATE TABLE export_target (
  id               uuid PRIMARY KEY,
  tenant_id        uuid NOT NULL REFERENCES tenant,
  added_by         uuid REFERENCES tenant,                -- itself or one above it, who alone sees it, with those above; null: the operator
  lane_id          bigint NOT NULL REFERENCES export_lane,
  account          text,                                  -- the connected account, where the key acts for one
  credential       text,                                  -- protected; null: the installation's own
  endpoint         text,                                  -- an address, or the name of a file
  meter_id         text,                                  -- where the sink's own count is read
  active_from      timestamptz NOT NULL DEFAULT clock_timestamp(),
  exported_before  xid8 NOT NULL,                         -- every transaction before this one is in some batch
  carried_seconds  bigint NOT NULL DEFAULT 0 CHECK (carried_seconds <= 0), -- corrections that no batch could hold yet
  frozen_at        timestamptz,
  retired_at       timestamptz,
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX export_target_once ON export_target (tenant_id, lane_id) WHERE retired_at IS NULL;
CREATE INDEX export_target_tenant ON export_target (tenant_id, id);

-- A frozen batch. What the sink is told of it never changes; only what became of it does.
CREATE TABLE export_event (
  id                uuid PRIMARY KEY,
  seq               bigint GENERATED ALWAYS AS IDENTITY,  -- the order within its lane
  target_id         uuid NOT NULL REFERENCES export_target,
  lane_id           bigint NOT NULL REFERENCES export_lane,
  identifier        text NOT NULL UNIQUE CHECK (identifier ~ '^[!-}]{1,100}$'),
  value             bigint NOT NULL CHECK (value BETWEEN 0 AND 999999999999999),
  at                timestamptz NOT NULL,
  covers_from       timestamptz NOT NULL,
  covers_to         timestamptz NOT NULL,
  body              text NOT NULL,
  body_sha256       bytea NOT NULL CHECK (length(body_sha256) = 32),
  state             text NOT NULL CHECK (state IN
                      ('pending', 'sending', 'sent', 'rejected', 'uncertain', 'failed_async', 'cancelling', 'cancelled', 'skipped')),
  is_duplicate      boolean NOT NULL DEFAULT false,
  attempts          integer NOT NULL DEFAULT 0,
  key_changes       integer NOT NULL DEFAULT 0,           -- how often the header's key was changed
  first_attempt_at  timestamptz,
  unknown_since     timestamptz,                          -- the first attempt of which nobody knows what became
  next_attempt_at   timestamptz,
  sent_at           timestamptz,
  last_error        text,
  reissue           boolean NOT NULL DEFAULT false,       -- to be issued anew, under another identifier
  replaces          uuid UNIQUE REFERENCES export_event,
  created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (at BETWEEN covers_from AND covers_to),
  CHECK ((covers_from AT TIME ZONE 'UTC')::date = (covers_to AT TIME ZONE 'UTC')::date),
  CHECK ((state = 'skipped') = (value = 0)),
  CHECK (state NOT IN ('sent', 'failed_async', 'cancelling', 'cancelled') OR sent_at IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX export_event_unsent ON export_event (lane_id, seq) WHERE state IN ('pending', 'sending', 'cancelling');
CREATE INDEX export_event_reissue ON export_event (target_id) WHERE reissue;
CREATE INDEX export_event_target ON export_event (target_id, at);
CREATE INDEX export_event_open ON export_event (target_id, state) WHERE state NOT IN ('sent', 'skipped', 'cancelled');
CREATE INDEX export_event_old ON export_event (created_at) WHERE state IN ('sent', 'skipped');

CREATE FUNCTION refuse_thaw() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.target_id, NEW.lane_id, NEW.identifier, NEW.value, NEW.at, NEW.covers_from, NEW.covers_to, NEW.body, NEW.body_sha256)
     IS DISTINCT FROM (OLD.id, OLD.target_id, OLD.lane_id, OLD.identifier, OLD.value, OLD.at, OLD.covers_from, OLD.covers_to, OLD.body, OLD.body_sha256) THEN
    RAISE EXCEPTION 'what was frozen of an export event does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER export_event_frozen BEFORE UPDATE ON export_event FOR EACH ROW EXECUTE FUNCTION refuse_thaw();

-- Which event a row of the ledger, or a correction, went out with: one for each target. It moves only when an event is issued anew.
CREATE TABLE export_item (
  ledger_id        bigint REFERENCES usage_ledger,
  wallet_entry_id  bigint REFERENCES wallet_entry,
  target_id        uuid NOT NULL REFERENCES export_target,
  export_event_id  uuid NOT NULL REFERENCES export_event,
  seconds          bigint NOT NULL,
  CHECK (num_nonnulls(ledger_id, wallet_entry_id) = 1),
  CHECK (ledger_id IS NULL OR seconds >= 0),
  UNIQUE (ledger_id, target_id),
  UNIQUE (wallet_entry_id, target_id)
);
CREATE INDEX export_item_event ON export_item (export_event_id);

-- Old batches are forgotten, never what is still to go out; and what says that a correction went out is all that keeps it from
-- going out again.
CREATE FUNCTION refuse_loss() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'export_event' THEN
    IF OLD.reissue OR OLD.state IN ('pending', 'sending', 'cancelling') THEN
      RAISE EXCEPTION 'an export event that is still to go out is not deleted' USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF OLD.wallet_entry_id IS NOT NULL THEN
    RAISE EXCEPTION 'the item of an exported correction is not deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER export_event_kept BEFORE DELETE ON export_event FOR EACH ROW EXECUTE FUNCTION refuse_loss();
CREATE TRIGGER export_item_kept BEFORE DELETE ON export_item FOR EACH ROW EXECUTE FUNCTION refuse_loss();

CREATE INDEX wallet_entry_seconds ON wallet_entry (tenant_id, id) WHERE seconds IS NOT NULL;

-- What a sink tells us: each once, acted on later.
CREATE TABLE webhook_event (
  id           text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
  type         text NOT NULL,
  account      text,
  received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts     integer NOT NULL DEFAULT 0,
  due_at       timestamptz DEFAULT clock_timestamp(),     -- null: done
  last_error   text
);
CREATE INDEX webhook_event_due ON webhook_event (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_event_done ON webhook_event (received_at) WHERE due_at IS NULL;

-- A sink's report that does not name all it is about: only a comparison of sums can tell.
CREATE TABLE reconciliation_request (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key           text NOT NULL UNIQUE,
  account       text,
  meter_id      text,
  reason        text NOT NULL,
  from_at       timestamptz,
  to_at         timestamptz,
  requested_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at       timestamptz
);
