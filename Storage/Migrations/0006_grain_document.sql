-- What grains keep beyond their lives, where no cluster keeps it for them. The version only grows, also when a document is
-- emptied (body null), so that an ETag never comes back. The previous version of the program runs on it unchanged.

CREATE TABLE grain_document (
  kind        text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 500),
  etag        bigint NOT NULL DEFAULT 1 CHECK (etag > 0),
  body        jsonb CHECK (octet_length(body::text) <= 131072), -- twice what the program writes: as text it has blanks
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, key)
);
