//! Tables of labelled logs, with a header of their own and with a right one.
#![no_main]

use firebell_integrations::loghub::parse;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut broken = Vec::new();
    for table in [bytes.to_vec(), [b"Content,EventTemplate\n", bytes].concat()] {
        if let Ok(log) = parse("fuzz", "fuzz.csv", table.as_slice(), &mut broken) {
            assert_eq!(log.contents.len(), log.templates.len());
        }
    }
    assert!(broken.iter().all(|b| b.file == "fuzz.csv" && !b.reason.is_empty()));
});
