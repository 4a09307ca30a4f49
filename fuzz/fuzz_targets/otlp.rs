//! What exporters post: the first byte chooses the signal and how the rest is written.
#![no_main]

use firebell_integrations::otlp::{Config, OtlpStore, Signal, handle};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let store = OtlpStore::new(Config { max_body_bytes: 1 << 20, ..Config::default() }).expect("a store");
    let signal = [Signal::Traces, Signal::Metrics, Signal::Logs][usize::from(first % 3)];
    let kind = if first & 4 == 0 { "application/json" } else { "application/x-protobuf" };
    let packed = if first & 8 == 0 { "" } else { "gzip" };
    let now = jiff::Timestamp::from_second(1_767_609_000).expect("a time");
    let reply = handle(&store, signal, kind, packed, body, now);
    assert!(reply.status == 200 || (400..500).contains(&reply.status), "{}", reply.status);
    assert!(store.fill().bytes <= store.fill().max_bytes);
});
