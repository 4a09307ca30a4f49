-- What is kept beside incidents: documents, the audit log, deliveries.
CREATE TABLE document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE audit_entry (
    seq BIGINT NOT NULL PRIMARY KEY,
    json TEXT NOT NULL
);

CREATE TABLE delivery (
    id TEXT NOT NULL PRIMARY KEY,
    receiver TEXT NOT NULL,
    waiting BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    json TEXT NOT NULL
);
CREATE INDEX delivery_due ON delivery (next_at, id) WHERE waiting = 1;
CREATE INDEX delivery_receiver ON delivery (receiver, created_at);
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE ended_at IS NOT NULL;
