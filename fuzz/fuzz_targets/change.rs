//! Requests of kind `change`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("change", &[""], &[], bytes));
