//! Requests of kind `github`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::feed("github", &[""], &[("x-github-event", "deployment_status")], bytes));
