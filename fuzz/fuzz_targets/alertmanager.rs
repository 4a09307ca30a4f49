//! Requests of kind `alertmanager`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("alertmanager", &["", "/api/v2/alerts"], &[], bytes));
