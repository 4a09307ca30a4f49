-- Silences and the change ledger.
CREATE TABLE silence (
    id TEXT NOT NULL PRIMARY KEY,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    json TEXT NOT NULL
);

CREATE TABLE change_entry (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX change_entry_at ON change_entry (at, id);
