#![no_main]

use firebell_rca::logs::{Limits, Miner, is_of_template, redact};

// Any bytes are mined and taken apart; what is text is of its own template, and what was masked stays masked.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut miner = Miner::new(Limits { patterns: 64, bytes: 1 << 16 });
    let mut lines = 0;
    for (line, number) in bytes.split(|b| *b == b'\n').zip(1..) {
        miner.push_raw(line, number, 2026);
        lines += 1;
    }
    let found = miner.templates();
    assert_eq!(found.templates.iter().map(|t| t.seen.lines).sum::<u64>(), lines);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let mut miner = Miner::default();
        let numbers: Vec<(u32, &str)> = text.lines().map(|l| (miner.push(l.as_bytes()), l)).collect();
        let found = miner.templates();
        for (number, line) in numbers {
            let template = &found.templates[found.of[number as usize] as usize].text;
            assert!(is_of_template(template, line), "{line:?} is not of {template:?}");
        }
        let _ = redact(text);
    }
});
