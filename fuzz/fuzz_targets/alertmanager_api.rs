//! Matchers of queries, and posted silences.
#![no_main]

use firebell_integrations::alertmanager::api;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let now = jiff::Timestamp::from_second(1_767_609_000).expect("a time");
    let _ = api::postable_silence(bytes, now);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = api::parse_matchers(text, "filter");
    }
});
