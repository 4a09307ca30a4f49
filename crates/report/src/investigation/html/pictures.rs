//! Charts of the cited series and the timeline.

use firebell_core::change::ChangeKind;
use firebell_core::verdict::Outcome;
use jiff::Timestamp;

use super::markup::picture;
use crate::draw::{Line, LineChart, Mark, MarkKind, Moment, Size, Timeline, lines, timeline};
use crate::investigation::changes::{self, Finding, Row};
use crate::investigation::figures::Figure;
use crate::investigation::path::edges;
use crate::investigation::{Investigation, facts};
use crate::text;

/// Alerts on the timeline.
const ALERTS: usize = 8;

/// The sort of a change.
fn kind_of(kind: &str) -> MarkKind {
    if kind == ChangeKind::Deploy.as_str() || kind == ChangeKind::Commit.as_str() {
        MarkKind::Deploy
    } else if kind == ChangeKind::Flag.as_str() {
        MarkKind::Flag
    } else {
        MarkKind::Config
    }
}

/// The onset and the changes that are blamed or suspected: the marks of every chart.
pub(super) fn marks(i: &Investigation<'_>, rows: &[Row]) -> Vec<Mark> {
    let onset =
        i.verdict.onset.map(|o| Mark { at: o.as_millisecond(), kind: MarkKind::Onset, label: String::new() });
    let changes = rows.iter().filter(|r| r.finding != Finding::Rejected).map(|r| Mark {
        at: r.at_ms,
        kind: kind_of(r.kind),
        label: format!("{} {}", r.component, r.what),
    });
    onset.into_iter().chain(changes).collect()
}

/// One chart.
pub(super) fn chart(f: &Figure, marks: &[Mark]) -> String {
    let unit = f.unit;
    let line = [Line { name: f.title.clone(), points: f.points.clone(), faint: false }];
    let desc = format!("median before the onset and after it: {}", f.change());
    let show = move |v: f64| unit.show(v);
    let chart = LineChart { title: &f.title, desc: &desc, lines: &line, show: &show, marks, shade: None };
    picture(lines(&chart, Size::Wide), lines(&chart, Size::Narrow))
}

/// What happened when.
pub(super) fn when(i: &Investigation<'_>) -> String {
    let (rows, _) = changes::rows(i.verdict, i.telemetry);
    let mut moments: Vec<Moment> = rows
        .iter()
        .map(|r| Moment {
            at: r.at_ms,
            kind: kind_of(r.kind),
            label: format!("{} of {}: {}", r.kind, r.component, r.what),
            faint: r.finding == Finding::Rejected,
        })
        .collect();
    if let Some(onset) = i.verdict.onset {
        let at = i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict));
        let label = at.map_or_else(|| "onset".to_owned(), |h| format!("onset: {}", facts::named(h)));
        moments.push(Moment { at: onset.as_millisecond(), kind: MarkKind::Onset, label, faint: false });
    }
    for step in edges(i.verdict, i.telemetry) {
        moments.extend(step.at.map(|at| Moment {
            at: at.as_millisecond(),
            kind: MarkKind::Onset,
            label: format!("harm reaches {}", step.to),
            faint: false,
        }));
    }
    let mut alerts: Vec<(Timestamp, String)> = i
        .telemetry
        .alerts
        .iter()
        .filter_map(|a| a.starts_at.map(|at| (at, text::line(&a.name, 80))))
        .collect();
    alerts.sort();
    moments.extend(alerts.into_iter().take(ALERTS).map(|(at, name)| Moment {
        at: at.as_millisecond(),
        kind: MarkKind::Alert,
        label: format!("alert {name}"),
        faint: false,
    }));
    if i.verdict.verdict == Outcome::Healthy && moments.is_empty() {
        return String::new();
    }
    moments.sort_by(|a, b| (a.at, a.kind, &a.label).cmp(&(b.at, b.kind, &b.label)));
    moments.dedup();
    let t = Timeline {
        title: "What happened when",
        desc: "changes, alerts, the onset and where the harm arrived, in UTC",
        moments: &moments,
        onset: i.verdict.onset.map(|o| o.as_millisecond()),
    };
    picture(timeline(&t, Size::Wide), timeline(&t, Size::Narrow))
}
