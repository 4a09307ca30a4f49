-- Alerts, folded from their signals, and the keys of reports and changes that were seen.
CREATE TABLE alert (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    firing BIGINT NOT NULL,
    incident TEXT,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT,
    last_seen BIGINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX alert_seen ON alert (firing, last_seen);
CREATE INDEX alert_firing ON alert (starts_at, fingerprint) WHERE firing = 1;
CREATE INDEX alert_lapsing ON alert (ends_at, fingerprint) WHERE firing = 1 AND ends_at IS NOT NULL;
CREATE INDEX alert_incident ON alert (incident, last_seen) WHERE incident IS NOT NULL;

CREATE TABLE seen_key (
    seen TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX seen_key_at ON seen_key (at);
