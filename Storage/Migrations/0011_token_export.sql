-- Export of tokens: a lane counts seconds, or tokens of one kind.
-- The previous version of the program runs on it unchanged: it goes on exporting seconds, and a target of tokens waits for its successor.

-- As Domain/Billing/UsageUnit.cs writes them; a sink's meter sums up one.
ALTER TABLE export_lane
  ADD COLUMN unit text NOT NULL DEFAULT 'seconds' CHECK (unit IN
    ('seconds', 'text_in', 'audio_in', 'image_in', 'cached_text_in', 'cached_audio_in', 'cached_image_in', 'text_out', 'audio_out', 'transcribed_ms'));

-- Seconds, in its name, are units of its lane.
ALTER TABLE export_item
  ADD COLUMN token_usage_id bigint REFERENCES token_usage,
  DROP CONSTRAINT export_item_check,
  DROP CONSTRAINT export_item_check1,
  ADD CONSTRAINT export_item_of_one CHECK (num_nonnulls(ledger_id, wallet_entry_id, token_usage_id) = 1),
  ADD CONSTRAINT export_item_not_negative CHECK (wallet_entry_id IS NOT NULL OR seconds >= 0),
  ADD CONSTRAINT export_item_token_usage_once UNIQUE (token_usage_id, target_id);

-- What no program may do, least of all one that knows of no units.
CREATE FUNCTION refuse_other_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM inserted i JOIN export_target t ON t.id = i.target_id JOIN export_lane l ON l.id = t.lane_id
             WHERE i.ledger_id IS NOT NULL AND l.unit <> 'seconds' OR i.token_usage_id IS NOT NULL AND l.unit = 'seconds') THEN
    RAISE EXCEPTION 'a lane takes nothing of another unit' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER export_item_of_its_unit AFTER INSERT ON export_item REFERENCING NEW TABLE AS inserted
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_unit();

CREATE INDEX token_usage_tenant_in ON token_usage (tenant_id, recorded_in);
