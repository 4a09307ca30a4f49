//! The small tables, YAML and recorded commands of bundles.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| firebell_fuzz::bundle(&["topology.csv", "traces/a.csv", "k8s/a.yaml", "commands/a.txt"], bytes));
