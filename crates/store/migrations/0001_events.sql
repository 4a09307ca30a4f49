-- The truth: events of incidents, and what is projected from them for lists.
-- Times are microseconds since 1970, booleans 0 or 1, JSON is text.
CREATE TABLE event (
    incident TEXT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (incident, version)
);
-- Global order without gaps, for followers.
CREATE UNIQUE INDEX event_position ON event (position);

CREATE TABLE incident_summary (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    is_open BIGINT NOT NULL,
    restricted BIGINT NOT NULL,
    severity TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX incident_summary_opened ON incident_summary (opened_at, id);
CREATE INDEX incident_summary_open ON incident_summary (is_open, opened_at, id);

-- Counters with a name that others choose (`incident:2026`).
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
-- Marks of the store itself.
CREATE TABLE mark (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
