-- The hook inbox in PostgreSQL: see inbox.sql.
CREATE TABLE delivery (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT   NOT NULL UNIQUE,
    event       TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    headers     TEXT   NOT NULL,
    body        BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    reason      TEXT   NOT NULL
);
CREATE INDEX delivery_state ON delivery (state, number);
