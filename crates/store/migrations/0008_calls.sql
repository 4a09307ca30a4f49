-- Effects that call people are found by themselves: they go before all others.
ALTER TABLE outbox ADD COLUMN calls BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_calls ON outbox (next_at, seq) WHERE pending = 1 AND calls = 1;
