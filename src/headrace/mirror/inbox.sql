-- The hook inbox. `number` is the order of arrival. A delivery that was pruned keeps its row, in
-- state 'dropped' and without its body, so that a late repeat is still told from a new delivery.
CREATE TABLE delivery (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    event       TEXT    NOT NULL,
    received_at INTEGER NOT NULL,  -- ms UTC
    headers     TEXT    NOT NULL,  -- JSON object
    body        BLOB    NOT NULL,
    state       TEXT    NOT NULL,  -- waiting, done, dead or dropped
    reason      TEXT    NOT NULL
);
CREATE INDEX delivery_state ON delivery (state);
