//! Requests of kind `pagerduty`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("pagerduty", &["/v2/enqueue", "/v2/change/enqueue"], &[], bytes));
