//! Requests of kind `grafana`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("grafana", &[""], &[], bytes));
