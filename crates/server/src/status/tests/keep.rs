//! What is known after a start.

use firebell_core::incident::{Summary, fold};
use firebell_core::ports::store::{Reader, Store, StoreResult, Tx};
use firebell_core::severity::Severity;
use firebell_store::MemoryStore;
use serde_json::Value;

use super::super::keep::Known;
use super::record::{opened, record, told};
use super::{now, policy};

/// A row as a program wrote it that did not know yet whether the public was told.
fn old_row(row: &Summary) -> Summary {
    let mut json = serde_json::to_value(row).expect("JSON");
    assert_eq!(json.as_object_mut().and_then(|o| o.remove("told_public")), Some(Value::Bool(true)));
    serde_json::from_value(json).expect("an old row is read")
}

#[test]
fn incidents_of_an_older_program_are_looked_at_once_and_a_few_at_a_time() {
    const MANY: u32 = 450;
    let mut store = MemoryStore::new();
    let reader = store.reader();
    let fill = &mut |tx: &mut dyn Tx| -> StoreResult<()> {
        for n in 1..=MANY {
            let when = format!("2026-11-{:02}T10:{:02}:00Z", 1 + n / 60, n % 60);
            let records = record(n, &[(&when, opened(Severity::Sev2, None)), (&when, told(&when))]);
            tx.append(&records)?;
            let incident = fold(&records).expect("an incident");
            tx.put_summary(&old_row(&Summary::of(&incident, records[1].at)))?;
        }
        Ok(())
    };
    store.transact(fill).expect("works");
    let mut known = Known::default();
    let mut found = Vec::new();
    for _ in 0..4 {
        known.catch_up(&reader as &dyn Reader, &policy(), now()).expect("works");
        found.push((known.incidents.len(), known.unasked.len()));
        assert!(known.incidents.keys().any(|id| id.as_str() == "INC-2026-0450"), "newest first");
    }
    assert_eq!(found, [(200, 250), (400, 50), (450, 0), (450, 0)]);
}
