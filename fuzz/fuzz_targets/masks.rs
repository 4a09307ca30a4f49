//! Text, diffs and objects behind the masks: what was masked is not masked again, and a diff keeps its lines.
#![no_main]

use firebell_core::change::{Change, ChangeKind};
use firebell_core::secrets::{Mask, redact};

fn change(text: &str) -> Change {
    Change {
        id: "fuzz".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        kind: ChangeKind::Config,
        component: "service/web".into(),
        from: None,
        to: Some(text.into()),
        by: None,
        source: None,
        commit: None,
        summary: text.into(),
        diff: Some(text.into()),
        files: Vec::new(),
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let once = redact(text);
    assert_eq!(redact(&once), once);
    for mask in [Mask::default(), Mask::keyed("fuzz")] {
        let mut first = change(text);
        mask.change(&mut first);
        let lines = |of: &Change| of.diff.as_deref().unwrap_or("").split('\n').count();
        assert_eq!(lines(&first), text.split('\n').count());
        let mut second = first.clone();
        mask.change(&mut second);
        assert_eq!(first, second);
        for name in ["user", "token", "instance", "phone"] {
            let once = mask.label(name, text).into_owned();
            assert_eq!(mask.label(name, &once), once);
        }
    }
});
