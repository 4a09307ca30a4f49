-- Effects on their way out, and timers.
CREATE TABLE outbox (
    effect_key TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    incident TEXT NOT NULL,
    state TEXT NOT NULL,
    -- 1 while waiting or leased: what the due index covers.
    pending BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_at, seq) WHERE pending = 1;
CREATE INDEX outbox_seq ON outbox (seq);
CREATE INDEX outbox_incident ON outbox (incident, seq);
CREATE INDEX outbox_state ON outbox (state, seq);

CREATE TABLE timer (
    incident TEXT NOT NULL,
    timer_key TEXT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (incident, timer_key)
);
CREATE INDEX timer_due ON timer (due, incident, timer_key);
