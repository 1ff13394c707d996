-- The mirror's tables in PostgreSQL, in a schema of their own: schema.sql says what is in them.
-- Flags are 0 and 1, as in SQLite, so that one text of each query reads both.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE record (
    id         BIGINT   PRIMARY KEY,
    stream     TEXT     NOT NULL,
    key        TEXT     NOT NULL,
    scope      TEXT     NOT NULL,
    version    BIGINT,
    digest     BYTEA    NOT NULL,
    seen_at    BIGINT   NOT NULL,
    "offset"   BIGINT   NOT NULL,
    changed_at BIGINT   NOT NULL,
    deleted    SMALLINT NOT NULL,
    UNIQUE (stream, key)
) WITH (fillfactor = 80);  -- room for the new `seen_at` beside the old one
CREATE INDEX record_scope ON record (stream, scope, "offset");

CREATE TABLE body (id BIGINT PRIMARY KEY, body BYTEA NOT NULL);

CREATE TABLE change (
    "offset"      BIGINT PRIMARY KEY,
    stream        TEXT   NOT NULL,
    key           TEXT   NOT NULL,
    op            TEXT   NOT NULL,
    after         BYTEA,
    before        BYTEA,
    before_offset BIGINT NOT NULL,
    before_at     BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    origin        TEXT   NOT NULL
);

CREATE TABLE cursor (
    stream TEXT NOT NULL, scope TEXT NOT NULL, value BYTEA NOT NULL, PRIMARY KEY (stream, scope)
);

CREATE TABLE counter (
    stream TEXT PRIMARY KEY,
    read BIGINT NOT NULL, inserted BIGINT NOT NULL, updated BIGINT NOT NULL,
    deleted BIGINT NOT NULL, unchanged BIGINT NOT NULL, stale BIGINT NOT NULL,
    rejected BIGINT NOT NULL, calls BIGINT NOT NULL
);

CREATE TABLE reject (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream TEXT NOT NULL, scope TEXT NOT NULL, reason TEXT NOT NULL, body BYTEA NOT NULL,
    at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reject_once ON reject (stream, scope, md5(body));
