-- Accepted requests that are not processed yet: written before the sender gets its answer, trimmed afterwards.
CREATE TABLE inbox (
    seq BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    json TEXT NOT NULL
);
