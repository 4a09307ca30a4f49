//! The incident list.

use firebell_core::incident::{Proof, Status, Summary};
use firebell_core::ports::store::{IncidentFilter, IncidentPlace, IncidentSort};
use firebell_core::severity::Severity;

use super::Subject;
use super::samples::{at, incident, summary};

fn put(s: &mut Subject, rows: &[Summary]) {
    s.tx(|tx| rows.iter().try_for_each(|row| tx.put_summary(row)));
}

fn numbers(s: &Subject, filter: &IncidentFilter) -> Vec<String> {
    s.reader.incidents(filter).unwrap().into_iter().map(|row| row.id.0).collect()
}

fn ids(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(|number| incident(*number).0).collect()
}

pub(super) fn lists_incidents_newest_first_and_filters_them(s: &mut Subject) {
    let closed = Summary { open: false, status: Status::Resolved, resolved_at: Some(at(9)), ..summary(2) };
    let severe = Summary {
        severity: Severity::Sev1,
        services: vec!["payments".to_owned(), "checkout".to_owned()],
        title: "Payments are DOWN".to_owned(),
        ..summary(3)
    };
    put(s, &[summary(1), closed.clone(), severe.clone()]);
    // A row is replaced, not added.
    put(s, &[Summary { version: 2, title: "Carts vanish".to_owned(), ..summary(1) }]);

    let all = s.reader.incidents(&IncidentFilter::default()).unwrap();
    assert_eq!(all[..2], [severe, closed]);
    assert_eq!((all.len(), all[2].version), (3, 2));

    let proof =
        Proof { state_sha256: "5e1f".to_owned(), policy_sha256: "9a".to_owned(), program: "1".to_owned() };
    let proven = Summary { version: 3, restricted: true, proof: Some(proof), ..summary(4) };
    put(s, std::slice::from_ref(&proven));
    assert_eq!(s.reader.summary(&incident(4)).unwrap(), Some(proven), "one row is found by its id");
    assert_eq!(s.reader.summary(&incident(40)).unwrap(), None);

    let filter = IncidentFilter::default;
    assert_eq!(numbers(s, &IncidentFilter { open: Some(true), ..filter() }), ids(&[3, 1]));
    assert_eq!(numbers(s, &IncidentFilter { open: Some(false), ..filter() }), ids(&[2]));
    assert_eq!(numbers(s, &IncidentFilter { severities: vec![Severity::Sev1], ..filter() }), ids(&[3]));
    let two = vec![Severity::Sev1, Severity::Sev2];
    assert_eq!(numbers(s, &IncidentFilter { severities: two, ..filter() }), ids(&[3, 2, 1]));
    let service = |name: &str| IncidentFilter { service: Some(name.to_owned()), ..filter() };
    assert_eq!(numbers(s, &service("payments")), ids(&[3]));
    assert_eq!(numbers(s, &service("pay")), ids(&[]));
    let text = |words: &str| IncidentFilter { text: Some(words.to_owned()), ..filter() };
    assert_eq!(numbers(s, &text("down PAYMENTS")), ids(&[3]));
    assert_eq!(numbers(s, &text("0002")), ids(&[2]));
    assert_eq!(numbers(s, &text("down 0002")), ids(&[]));
    assert_eq!(numbers(s, &text("%")), ids(&[]));
    assert_eq!(numbers(s, &text("  ")), ids(&[3, 2, 1]));
}

pub(super) fn lists_open_incidents_by_id(s: &mut Subject) {
    put(s, &[summary(3), summary(1), Summary { open: false, ..summary(2) }]);
    assert_eq!(s.tx(|tx| tx.open_incidents()), [incident(1), incident(3)]);
    put(s, &[Summary { open: false, ..summary(3) }]);
    assert_eq!(s.tx(|tx| tx.open_incidents()), [incident(1)]);
}

pub(super) fn hides_restricted_incidents_unless_asked(s: &mut Subject) {
    put(s, &[summary(1), Summary { restricted: true, ..summary(2) }]);
    assert_eq!(numbers(s, &IncidentFilter::default()), ids(&[1]));
    assert_eq!(
        numbers(s, &IncidentFilter { include_restricted: true, ..IncidentFilter::default() }),
        ids(&[2, 1])
    );
    // A member sees it, and nobody else's.
    let members = vec!["Ada".to_owned()];
    put(s, &[Summary { restricted: true, members, ..summary(3) }]);
    let seen_by = |name: &str| IncidentFilter { member: Some(name.to_owned()), ..IncidentFilter::default() };
    assert_eq!(numbers(s, &seen_by("Ada")), ids(&[3, 1]));
    assert_eq!(numbers(s, &seen_by("Eve")), ids(&[1]));
}

pub(super) fn pages_through_incidents(s: &mut Subject) {
    put(s, &(1..=150).map(summary).collect::<Vec<_>>());
    assert_eq!(
        s.reader.incidents(&IncidentFilter::default()).unwrap().len(),
        100,
        "the limit if none is given"
    );
    let mut before = None;
    let mut seen = Vec::new();
    loop {
        let page =
            s.reader.incidents(&IncidentFilter { before, limit: 40, ..IncidentFilter::default() }).unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.opened_at);
        seen.extend(page.into_iter().map(|row| row.id.0));
    }
    assert_eq!(seen, ids(&(1..=150).rev().collect::<Vec<_>>()));
}

pub(super) fn pages_in_any_order_without_gaps(s: &mut Subject) {
    let worst = |n: u64| if n.is_multiple_of(3) { Severity::Sev1 } else { Severity::Sev3 };
    // Five at a time are opened at the same moment.
    let row = |n: u64| Summary { opened_at: at((n / 5) as i64), severity: worst(n), ..summary(n) };
    put(s, &(1..=23).map(row).collect::<Vec<_>>());
    for sort in [IncidentSort::Newest, IncidentSort::Oldest, IncidentSort::Severity] {
        let whole =
            s.reader.incidents(&IncidentFilter { sort, limit: 1000, ..IncidentFilter::default() }).unwrap();
        for limit in [1, 4, 7] {
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let filter = IncidentFilter { sort, limit, after, ..IncidentFilter::default() };
                let page = s.reader.incidents(&filter).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(IncidentPlace::of(last));
                seen.extend(page);
            }
            assert_eq!(seen, whole, "{sort:?} by {limit}");
        }
    }
    let ordered = |sort| numbers(s, &IncidentFilter { sort, limit: 3, ..IncidentFilter::default() });
    assert_eq!(ordered(IncidentSort::Newest), ids(&[23, 22, 21]));
    assert_eq!(ordered(IncidentSort::Oldest), ids(&[1, 2, 3]));
    assert_eq!(ordered(IncidentSort::Severity), ids(&[21, 18, 15]));
    // What comes meanwhile shifts nothing.
    let after = Some(IncidentPlace::of(&row(22)));
    put(s, &[row(40)]);
    let filter = IncidentFilter { after, limit: 2, ..IncidentFilter::default() };
    assert_eq!(numbers(s, &filter), ids(&[21, 20]));
}
