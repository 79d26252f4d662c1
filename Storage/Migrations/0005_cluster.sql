-- Cluster: who is a silo, grain documents of a cluster, and reminders, as Orleans' ADO.NET providers read and write them.
-- Orleans brings no schema of its own: it reads its statements from OrleansQuery by key, with the parameters named here.
-- The previous version of the program knows none of this and runs on.

CREATE TABLE OrleansQuery (
  QueryKey   varchar(64) PRIMARY KEY,
  QueryText  text NOT NULL
);

-- ------------------------------------------------------------------------------------------------ membership

-- The one row of a cluster that every change of its membership raises: who read an older version changes nothing.
CREATE TABLE OrleansMembershipVersionTable (
  DeploymentId  varchar(150) PRIMARY KEY,
  Timestamp     timestamptz NOT NULL DEFAULT clock_timestamp(),
  Version       integer NOT NULL DEFAULT 0
);

CREATE TABLE OrleansMembershipTable (
  DeploymentId  varchar(150) NOT NULL REFERENCES OrleansMembershipVersionTable ON DELETE CASCADE,
  Address       varchar(45) NOT NULL,
  Port          integer NOT NULL,
  Generation    integer NOT NULL,
  SiloName      varchar(150) NOT NULL,
  HostName      varchar(150) NOT NULL,
  Status        integer NOT NULL,                         -- 3 is active, 6 is dead
  ProxyPort     integer,                                  -- where clients of the cluster connect; 0 for nowhere
  SuspectTimes  varchar(8000),
  StartTime     timestamptz NOT NULL,
  IAmAliveTime  timestamptz NOT NULL,
  PRIMARY KEY (DeploymentId, Address, Port, Generation)
) WITH (fillfactor = 50);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', $$
  WITH added AS (
    INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1
  )
  SELECT EXISTS (SELECT FROM added)
$$),
('MembershipReadAllKey', $$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes,
         m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersionTable v LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId
  WHERE v.DeploymentId = @DeploymentId
$$),
('MembershipReadRowKey', $$
  SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes,
         m.StartTime, m.IAmAliveTime, v.Version
  FROM OrleansMembershipVersionTable v
  LEFT JOIN OrleansMembershipTable m
    ON m.DeploymentId = v.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
  WHERE v.DeploymentId = @DeploymentId
$$),
-- The version is raised only together with the row it speaks of; of two who read the same version the second changes nothing.
('InsertMembershipKey', $$
  WITH raised AS (
    UPDATE OrleansMembershipVersionTable SET Timestamp = clock_timestamp(), Version = Version + 1
    WHERE DeploymentId = @DeploymentId AND Version = @Version
      AND NOT EXISTS (
        SELECT FROM OrleansMembershipTable
        WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
    RETURNING DeploymentId
  ), added AS (
    INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
    SELECT DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM raised
    RETURNING 1
  )
  SELECT EXISTS (SELECT FROM added)
$$),
('UpdateMembershipKey', $$
  WITH raised AS (
    UPDATE OrleansMembershipVersionTable SET Timestamp = clock_timestamp(), Version = Version + 1
    WHERE DeploymentId = @DeploymentId AND Version = @Version
      AND EXISTS (
        SELECT FROM OrleansMembershipTable
        WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
    RETURNING DeploymentId
  ), changed AS (
    UPDATE OrleansMembershipTable m SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
    FROM raised
    WHERE m.DeploymentId = raised.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
    RETURNING 1
  )
  SELECT EXISTS (SELECT FROM changed)
$$),
('UpdateIAmAlivetimeKey', $$
  UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
  WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
$$),
('DeleteMembershipTableEntriesKey', $$
  DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId
$$),
('CleanupDefunctSiloEntriesKey', $$
  DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status <> 3
$$),
('GatewaysQueryKey', $$
  SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0
$$);

-- ------------------------------------------------------------------------------------------------- documents

-- The hash is of the key beside it, so the index finds a row by it and the constraint still speaks of the key alone.
CREATE TABLE OrleansStorage (
  GrainIdHash             integer NOT NULL,
  GrainIdN0               bigint NOT NULL,
  GrainIdN1               bigint NOT NULL,
  GrainTypeHash           integer NOT NULL,
  GrainTypeString         varchar(512) NOT NULL,
  GrainIdExtensionString  varchar(512),
  ServiceId               varchar(150) NOT NULL,
  PayloadBinary           bytea CHECK (length(PayloadBinary) <= 262144),
  ModifiedOn              timestamptz NOT NULL DEFAULT clock_timestamp(),
  Version                 integer NOT NULL DEFAULT 1,
  CONSTRAINT OrleansStorage_once UNIQUE NULLS NOT DISTINCT (
    GrainIdHash, GrainTypeHash, ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('ReadFromStorageKey', $$
  SELECT PayloadBinary, clock_timestamp() AS ReadOn, Version FROM OrleansStorage
  WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND ServiceId = @ServiceId
    AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString::varchar
$$),
-- No row in the answer says that the document is at another version than the writer thinks.
('WriteToStorageKey', $$
  WITH changed AS (
    UPDATE OrleansStorage SET PayloadBinary = @PayloadBinary::bytea, ModifiedOn = clock_timestamp(), Version = Version + 1
    WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND ServiceId = @ServiceId
      AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
      AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString::varchar
      AND Version = @GrainStateVersion::integer
    RETURNING Version
  ), added AS (
    INSERT INTO OrleansStorage (GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeHash, GrainTypeString, GrainIdExtensionString, ServiceId, PayloadBinary)
    SELECT @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, @GrainIdExtensionString::varchar, @ServiceId, @PayloadBinary::bytea
    WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING
    RETURNING Version
  )
  SELECT Version AS NewGrainStateVersion FROM changed UNION ALL SELECT Version FROM added
$$),
('ClearStorageKey', $$
  UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = clock_timestamp(), Version = Version + 1
  WHERE GrainIdHash = @GrainIdHash AND GrainTypeHash = @GrainTypeHash AND ServiceId = @ServiceId
    AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainIdExtensionString IS NOT DISTINCT FROM @GrainIdExtensionString::varchar
    AND Version = @GrainStateVersion::integer
  RETURNING Version AS NewGrainStateVersion
$$);

-- ------------------------------------------------------------------------------------------------- reminders

CREATE TABLE OrleansRemindersTable (
  ServiceId     varchar(150) NOT NULL,
  GrainId       varchar(150) NOT NULL,
  ReminderName  varchar(150) NOT NULL,
  StartTime     timestamptz NOT NULL,
  Period        bigint NOT NULL,                          -- milliseconds
  GrainHash     integer NOT NULL,
  Version       integer NOT NULL DEFAULT 0,
  PRIMARY KEY (ServiceId, GrainId, ReminderName)
);
-- Every silo reads its range of hashes again and again.
CREATE INDEX OrleansRemindersTable_hash ON OrleansRemindersTable (ServiceId, GrainHash);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('ReadReminderRowsKey', $$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable WHERE ServiceId = @ServiceId AND GrainId = @GrainId
$$),
('ReadReminderRowKey', $$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName
$$),
('ReadRangeRows1Key', $$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND GrainHash > @BeginHash AND GrainHash <= @EndHash
$$),
('ReadRangeRows2Key', $$
  SELECT GrainId, ReminderName, StartTime, Period, Version FROM OrleansRemindersTable
  WHERE ServiceId = @ServiceId AND (GrainHash > @BeginHash OR GrainHash <= @EndHash)
$$),
('UpsertReminderRowKey', $$
  INSERT INTO OrleansRemindersTable AS r (ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash)
  VALUES (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash)
  ON CONFLICT (ServiceId, GrainId, ReminderName) DO UPDATE
    SET StartTime = excluded.StartTime, Period = excluded.Period, GrainHash = excluded.GrainHash, Version = r.Version + 1
  RETURNING Version
$$),
('DeleteReminderRowKey', $$
  WITH gone AS (
    DELETE FROM OrleansRemindersTable
    WHERE ServiceId = @ServiceId AND GrainId = @GrainId AND ReminderName = @ReminderName AND Version = @Version
    RETURNING 1
  )
  SELECT EXISTS (SELECT FROM gone)
$$),
('DeleteReminderRowsKey', $$
  DELETE FROM OrleansRemindersTable WHERE ServiceId = @ServiceId
$$);
