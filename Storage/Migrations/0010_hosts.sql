-- Which tenant an address belongs to. Every process keeps a copy, so a host that is taken away keeps its row: a reader of changes
-- must learn of it. The previous version of the program does not know the table, and serves every host as it did.

CREATE TABLE tenant_host (
  host        text PRIMARY KEY CHECK (host = lower(host) AND length(host) BETWEEN 1 AND 253),
  tenant_id   uuid NOT NULL REFERENCES tenant,
  added_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  removed_at  timestamptz,
  changed_in  xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX tenant_host_tenant ON tenant_host (tenant_id) WHERE removed_at IS NULL;
CREATE INDEX tenant_host_changed_in ON tenant_host (changed_in);
CREATE TRIGGER tenant_host_changed BEFORE UPDATE ON tenant_host FOR EACH ROW EXECUTE FUNCTION changed_now();
