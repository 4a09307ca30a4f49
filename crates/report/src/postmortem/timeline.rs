//! Every event in words, with its version as provenance.

use firebell_core::incident::{EventRecord, describe};

use super::write::Record;
use crate::{text, words};

/// Rows at either end; what lies between is in the record.
const MAX_AT_ENDS: usize = 600;

pub(super) fn timeline(record: &Record<'_>) -> String {
    let all = record.records;
    let mut out =
        "Each line is an event of the record; its version tells which. Times are UTC.\n\n".to_owned();
    if all.len() <= 2 * MAX_AT_ENDS {
        return out + &table(all);
    }
    let (head, tail) = (&all[..MAX_AT_ENDS], &all[all.len() - MAX_AT_ENDS..]);
    out.push_str(&table(head));
    out.push_str(&format!("\n{} events in between are left out here.\n\n", all.len() - 2 * MAX_AT_ENDS));
    out.push_str(&table(tail));
    out
}

fn table(records: &[EventRecord]) -> String {
    let mut day = None;
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|r| {
            let entry = describe(r);
            let date = entry.at.strftime("%Y-%m-%d").to_string();
            let at =
                if day.as_ref() == Some(&date) { words::clock(entry.at) } else { words::second(entry.at) };
            day = Some(date);
            vec![
                at,
                format!("v{}", entry.version),
                text::markdown(&entry.who, 60),
                entry.kind.clone(),
                text::markdown(&entry.text, 500),
            ]
        })
        .collect();
    text::table(&["When", "Event", "Who", "Kind", "What"], &rows)
}
