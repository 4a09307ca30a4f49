//! Documents, the audit log, deliveries.

use firebell_core::audit::{Act, AuditEntry, Chain};
use firebell_core::ports::office::{Delivery, Document};
use firebell_core::ports::store::OutboxState;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Subject;
use super::samples::{at, nanos_after};

pub(super) fn document(kind: &str, id: &str, version: u64) -> Document {
    let body = json!({"name": "Ada \u{1F525}", "n": version, "list": [1.5, null, "\"'--"]});
    Document { kind: kind.to_owned(), id: id.to_owned(), version, body, updated_at: at(version as i64) }
}

pub(super) fn delivery(id: &str, to: &str, next_at: Timestamp) -> Delivery {
    Delivery {
        id: id.to_owned(),
        channel: "webhook".to_owned(),
        to: to.to_owned(),
        about: "incident.opened".to_owned(),
        payload: json!({"id": id}),
        state: OutboxState::Waiting,
        attempts: 0,
        next_at,
        answer: None,
        created_at: at(0),
        ended_at: None,
    }
}

pub(super) fn keeps_documents_by_kind_and_id(s: &mut Subject) {
    for (kind, id) in
        [("token", "b"), ("account", "b"), ("account", "a"), ("account", "c"), ("accounts", "x")]
    {
        s.tx(|tx| tx.office().put_document(&document(kind, id, 1)));
    }
    s.tx(|tx| tx.office().put_document(&document("account", "b", 2)));
    let read = s.office.documents("account", "", 10).unwrap();
    assert_eq!(read, [document("account", "a", 1), document("account", "b", 2), document("account", "c", 1)]);
    assert_eq!(s.office.documents("account", "a", 1).unwrap(), [document("account", "b", 2)]);
    assert_eq!(s.office.documents("none", "", 10).unwrap(), []);
    assert_eq!(s.office.document("token", "b").unwrap(), Some(document("token", "b", 1)));
    assert_eq!(s.tx(|tx| tx.office().document("account", "b")), Some(document("account", "b", 2)));
    assert!(s.tx(|tx| tx.office().remove_document("account", "b")));
    assert!(!s.tx(|tx| tx.office().remove_document("account", "b")));
    assert_eq!(s.office.document("account", "b").unwrap(), None);
    assert_eq!(s.office.document("token", "b").unwrap(), Some(document("token", "b", 1)));
}

pub(super) fn keeps_the_audit_log_in_order_and_its_chain_whole(s: &mut Subject) {
    assert_eq!(s.tx(|tx| tx.office().audit_last()), None);
    for n in 0..25u32 {
        s.tx(|tx| {
            let last = tx.office().audit_last()?;
            let act = Act::new("Ada", "account.create", &format!("p{n}")).with(json!({"n": n, "f": 0.1}));
            tx.office().audit_append(&AuditEntry::after(last.as_ref(), act, nanos_after(at(n.into()), 789)))
        });
    }
    let mut chain = Chain::default();
    let mut seq = 0;
    loop {
        let page = s.office.audit_after(seq, 10).unwrap();
        let Some(last) = page.last() else { break };
        seq = last.seq;
        page.iter().for_each(|entry| chain.follow(entry).unwrap());
    }
    assert_eq!(seq, 25);
    let newest: Vec<u64> = s.office.audit_before(u64::MAX, 3).unwrap().iter().map(|e| e.seq).collect();
    assert_eq!(newest, [25, 24, 23]);
    let older: Vec<u64> = s.office.audit_before(3, 10).unwrap().iter().map(|e| e.seq).collect();
    assert_eq!(older, [2, 1]);
    let taken = s.office.audit_after(4, 1).unwrap().remove(0);
    s.tx_err(|tx| tx.office().audit_append(&taken));
    assert_eq!(s.office.audit_before(u64::MAX, 1).unwrap()[0].seq, 25);
}

pub(super) fn hands_out_deliveries_that_are_due(s: &mut Subject) {
    for (id, to, due) in [("late", "h1", 5), ("early", "h1", 1), ("other", "h2", 3)] {
        s.tx(|tx| tx.office().put_delivery(&delivery(id, to, at(due))));
    }
    let due = |s: &Subject, now| -> Vec<String> {
        s.office.deliveries_due(at(now), 10).unwrap().into_iter().map(|d| d.id).collect()
    };
    assert_eq!(due(s, 0), [""; 0]);
    assert_eq!(due(s, 4), ["early", "other"]);
    assert_eq!(s.office.deliveries_next().unwrap(), Some(at(1)));
    assert_eq!(s.office.deliveries_due(at(9), 1).unwrap().len(), 1);
    let done = Delivery {
        state: OutboxState::Done,
        attempts: 1,
        answer: Some("200".to_owned()),
        ended_at: Some(at(4)),
        ..delivery("early", "h1", at(1))
    };
    s.tx(|tx| tx.office().put_delivery(&done));
    assert_eq!(due(s, 9), ["other", "late"]);
    assert_eq!(s.office.delivery("early").unwrap(), Some(done));
    let to: Vec<String> = s.office.deliveries_to("h1", 10).unwrap().into_iter().map(|d| d.id).collect();
    assert_eq!(to, ["late", "early"], "newest first, then by id");
    // A month later what has ended is forgotten, and what waits is not.
    let month = at(0).saturating_add(SignedDuration::from_hours(24 * 40)).unwrap();
    s.tx(|tx| tx.office().put_delivery(&delivery("new", "h3", month)));
    assert_eq!(s.office.delivery("early").unwrap(), None);
    assert_eq!(due(s, 9), ["other", "late"]);
}
