//! What was changed, and what the verdict makes of each change.

use std::collections::BTreeSet;

use firebell_core::change::Change;
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;

use super::path::last;
use crate::text;
use crate::words::{clock, span};

/// Most changes that are shown.
const MOST: usize = 20;

/// What the verdict makes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    Blamed,
    Suspected,
    Rejected,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) at_ms: i64,
    pub(super) at: String,
    pub(super) kind: &'static str,
    pub(super) component: String,
    pub(super) id: String,
    pub(super) what: String,
    pub(super) finding: Finding,
    pub(super) why: String,
    pub(super) ids: Vec<String>,
}

/// Changes in order of time, the blamed one always among them, and how many were left out.
pub(super) fn rows(v: &Verdict, t: &Telemetry) -> (Vec<Row>, usize) {
    let near = near(v);
    let mut rows: Vec<Row> = t.changes.iter().map(|c| row(c, v, &near)).collect();
    // Nearest to the onset first, where there are too many.
    let onset = v.onset.map_or(i64::MAX, |at| at.as_millisecond());
    rows.sort_by_key(|r| {
        (r.finding != Finding::Blamed, r.finding != Finding::Suspected, onset.saturating_sub(r.at_ms).abs())
    });
    let cut = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    rows.sort_by(|a, b| a.at_ms.cmp(&b.at_ms).then_with(|| a.id.cmp(&b.id)));
    (rows, cut)
}

/// Components that any hypothesis or the path names.
fn near(v: &Verdict) -> BTreeSet<String> {
    v.hypotheses
        .iter()
        .flat_map(|h| std::iter::once(&h.component).chain(h.path.iter().flat_map(|s| [&s.from, &s.to])))
        .map(|c| last(c))
        .collect()
}

fn row(c: &Change, v: &Verdict, near: &BTreeSet<String>) -> Row {
    let is = |name: &str| name == c.id || c.commit.as_deref() == Some(name);
    let named = |h: &firebell_core::verdict::Hypothesis| h.change.as_deref().is_some_and(is);
    let cites = |query: &str| query.strip_prefix("change ").is_some_and(is);
    let leader = v.hypotheses.first().filter(|h| named(h));
    let rival = v.hypotheses.iter().skip(1).find(|h| named(h));
    let against = v.hypotheses.iter().flat_map(|h| &h.against).find(|e| cites(&e.query));
    let support = v.hypotheses.iter().flat_map(|h| &h.evidence).find(|e| cites(&e.query));
    let late = v.onset.map(|o| c.at.duration_since(o).as_secs_f64()).filter(|s| *s > 0.0);
    let (finding, why, ids) = if let Some(h) = leader {
        let ids = support.map(|e| e.id.clone()).into_iter().collect();
        (Finding::Blamed, format!("brought {}", text::line(&h.cause, 80)), ids)
    } else if let Some(e) = against {
        (Finding::Rejected, text::line(&e.reading, 240), vec![e.id.clone()])
    } else if let Some(h) = rival {
        let ids = support.map(|e| e.id.clone()).into_iter().collect();
        (Finding::Suspected, format!("hypothesis {}: {}", h.rank, text::line(&h.cause, 80)), ids)
    } else if let Some(s) = late {
        (Finding::Rejected, format!("{} after the onset: it cannot have brought it", span(s)), Vec::new())
    } else if !near.contains(&last(&c.component)) {
        (Finding::Rejected, "nothing moved where it was made".to_owned(), Vec::new())
    } else {
        (Finding::Rejected, "no evidence ties it to what is seen there".to_owned(), Vec::new())
    };
    let step = match (&c.from, &c.to) {
        (Some(a), Some(b)) => format!("{} → {}", text::line(a, 40), text::line(b, 40)),
        (None, Some(b)) => format!("→ {}", text::line(b, 40)),
        _ => String::new(),
    };
    let what = [step, text::line(&c.summary, 120)]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    Row {
        at_ms: c.at.as_millisecond(),
        at: clock(c.at),
        kind: c.kind.as_str(),
        component: text::line(&c.component, 60),
        id: text::line(c.commit.as_deref().unwrap_or(&c.id), 40),
        what,
        finding,
        why,
        ids,
    }
}
