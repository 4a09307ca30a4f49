//! Requests of kind `cdevents`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("cdevents", &[""], &[("ce-type", "dev.cdevents.incident.resolved.0.2.0"), ("ce-time", "2026-01-05T10:29:00Z")], bytes));
