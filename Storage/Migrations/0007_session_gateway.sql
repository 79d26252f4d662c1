-- Where the client of a session is connected, if that is another process than the one that holds the session: what support
-- looks at first when a client was told that its process is lost. The previous version of the program leaves it empty.

ALTER TABLE session ADD COLUMN gateway bigint;
