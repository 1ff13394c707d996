-- The mirror's tables. `record` is small and touched at every sighting, bodies stand apart.
-- meta: 'format', 'stamp' (the highest committed) and 'head' (the highest offset given out).
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE record (
    id         INTEGER PRIMARY KEY,
    stream     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    version    INTEGER,
    digest     BLOB    NOT NULL,
    seen_at    INTEGER NOT NULL,  -- stamp of the last accepted sighting
    "offset"   INTEGER NOT NULL,  -- of the last change
    changed_at INTEGER NOT NULL,  -- ms UTC, of the last change
    deleted    INTEGER NOT NULL,  -- 1 for a tombstone
    UNIQUE (stream, key)
);
CREATE INDEX record_scope ON record (stream, scope, "offset");

CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB NOT NULL);

CREATE TABLE change (
    "offset"      INTEGER PRIMARY KEY,
    stream        TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    op            TEXT    NOT NULL,
    after         BLOB,
    before        BLOB,
    before_offset INTEGER NOT NULL,
    before_at     INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    origin        TEXT    NOT NULL
);

CREATE TABLE cursor (
    stream TEXT NOT NULL, scope TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (stream, scope)
) WITHOUT ROWID;

CREATE TABLE counter (
    stream TEXT PRIMARY KEY,
    read INTEGER NOT NULL, inserted INTEGER NOT NULL, updated INTEGER NOT NULL,
    deleted INTEGER NOT NULL, unchanged INTEGER NOT NULL, stale INTEGER NOT NULL,
    rejected INTEGER NOT NULL, calls INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE reject (
    stream TEXT NOT NULL, scope TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL,
    at INTEGER NOT NULL, UNIQUE (stream, scope, body)
);
