//! Log lines of any format, and JSON lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::bundle(&["logs/a.log", "logs/a.jsonl"], bytes));
