//! All that bundles hold as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::bundle(&["metrics/a.json", "logs/a.json", "traces/a.json", "alerts/a.json", "changes/a.json", "events/a.json", "k8s/a.json"], bytes));
