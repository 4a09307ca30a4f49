//! Files of traces in every form, and their explanation.
#![no_main]

use firebell_integrations::bundle::parse_traces;
use firebell_rca::explain_traces_against;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = parse_traces(bytes, "fuzz") else { return };
    let half = read.spans.len() / 2;
    let report = explain_traces_against(&read.spans, Some(&read.spans[half..]), None);
    assert!(report.spans <= read.spans.len());
    for v in &report.shown {
        assert!(v.path.iter().map(|p| p.path_us).sum::<i64>() <= v.duration_us);
    }
});
