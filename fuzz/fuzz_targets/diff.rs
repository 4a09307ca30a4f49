//! Unified diffs of the change ledger.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for sentence in firebell_rca::explain_diff(&text) {
        assert!(!sentence.is_empty() && sentence.len() < 2_000);
    }
});
