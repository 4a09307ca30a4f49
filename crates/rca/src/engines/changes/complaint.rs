//! What people say, apart from alerts: wrong behaviour that no metric shows, and the one change before it.

use firebell_core::change::{Change, ChangeKind};

use crate::case::Case;
use crate::causes;
use crate::series::kinds::Kind;
use crate::signal::{Role, Signal};

/// A change counts as shortly before a complaint within this time, milliseconds.
const SHORTLY_MS: i64 = 15 * 60 * 1000;

/// Whether people complain though nothing that is measured is ill, and this is the one change shortly before the first
/// complaint: wrong behaviour that answers in time and with success shows in no metric, but it begins with a change.
pub(super) fn alone_before_complaints(case: &Case<'_>, change: &Change, seen: &[Signal]) -> bool {
    let Some(began) = case.t.impact_started_at.map(jiff::Timestamp::as_millisecond) else { return false };
    // An alert that strays in is no complaint, and takes nothing from one: what it measures is judged by itself.
    let people = peoples_words(case);
    let complained = !people.trim().is_empty();
    let of_slowness = ["slow", "latency", "takes", "long", "time"].iter().any(|w| people.contains(w));
    // Slowness that nobody complains of, and that nobody can feel or an alert tells of already, is not what they mean.
    let slow = of_slowness || (case.t.alerts.is_empty() && !case.unfelt(|k| k == Kind::Latency));
    let ill = seen
        .iter()
        .filter(|s| s.role != Role::Against && (slow || !causes::is_slowness(s.cause)))
        .any(|s| s.weight > 0.45);
    let shortly = |c: &Change| (0..=SHORTLY_MS).contains(&(began - c.at.as_millisecond()));
    let user_visible = matches!(change.kind, ChangeKind::Flag | ChangeKind::Deploy | ChangeKind::Config);
    complained
        && !ill
        && user_visible
        && shortly(change)
        && case.t.changes.iter().filter(|c| shortly(c) && c.kind != ChangeKind::Commit).count() == 1
}

/// The lines of the report that no alert wrote, in lower case.
pub(crate) fn peoples_words(case: &Case<'_>) -> String {
    let alerts: Vec<&String> = case.t.alerts.iter().flat_map(|a| a.annotations.values()).collect();
    let said = |line: &str| alerts.iter().any(|text| !line.is_empty() && text.contains(line));
    case.t.report.lines().map(str::trim).filter(|l| !said(l)).collect::<Vec<_>>().join("\n").to_lowercase()
}
