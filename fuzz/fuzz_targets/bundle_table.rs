//! Wide tables of metrics.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::bundle(&["metrics/a.csv"], bytes));
