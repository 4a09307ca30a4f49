//! The weekly report: what happened, how fast it was mended, what came back, what was learnt. Every number names the
//! incidents behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::stats::group;
use super::{GroupStats, Metric, Times};
use crate::severity::{IncidentKind, Severity};

/// One incident as the review sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewedIncident {
    /// `INC-2026-0042`.
    pub id: String,
    /// Its final severity.
    pub severity: Severity,
    /// What it was about.
    pub kind: IncidentKind,
    /// Service or component that it came from.
    pub service: String,
    /// Cause as in the catalogue: `saturation.connection_pool`.
    pub cause: Option<String>,
    /// Opened.
    pub opened_at: Timestamp,
    /// Resolved, if it is.
    pub resolved_at: Option<Timestamp>,
    /// Measured times.
    pub times: Times,
    /// A drill: never counted.
    pub drill: bool,
    /// Follow-up work that it led to.
    pub action_items_created: usize,
    /// How much of it is done.
    pub action_items_completed: usize,
}

/// The report of `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeeklyReport {
    /// Start.
    pub from: Timestamp,
    /// End, exclusive.
    pub to: Timestamp,
    /// All incidents opened in the week, in order of opening.
    pub incidents: Vec<String>,
    /// By severity, all four, worst first.
    pub by_severity: Vec<SeverityLine>,
    /// All six times over the week.
    pub times: Vec<MetricLine>,
    /// Causes, most frequent first; incidents without a known cause are in `cause_unknown`.
    pub top_causes: Vec<CauseLine>,
    /// Incidents without a known cause.
    pub cause_unknown: Vec<String>,
    /// Incidents whose cause hit the same component before.
    pub repeats: Vec<Repeat>,
    /// Their share of all, 0 to 1; `None` in a week without incidents.
    pub repeat_share: Option<f64>,
    /// Follow-up work.
    pub action_items: ActionItems,
    /// Incident id to what is wrong with its timestamps.
    pub flagged: BTreeMap<String, Vec<String>>,
}

/// A severity's incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeverityLine {
    /// Which.
    pub severity: Severity,
    /// Incidents.
    pub ids: Vec<String>,
    /// Time to recovery, seconds, over those that have one.
    pub recover: GroupStats,
}

/// A measured time over the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricLine {
    /// Which time.
    pub metric: Metric,
    /// Seconds.
    pub seconds: GroupStats,
}

/// A cause and its incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CauseLine {
    /// The cause.
    pub cause: String,
    /// Incidents.
    pub ids: Vec<String>,
}

/// An incident that had been there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// The incident.
    pub id: String,
    /// The latest earlier incident of the same cause and component.
    pub repeats: String,
}

/// Follow-up work of the week's incidents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActionItems {
    /// Created.
    pub created: usize,
    /// Incidents that led to some.
    pub created_by: Vec<String>,
    /// Completed.
    pub completed: usize,
    /// Incidents of which some are completed.
    pub completed_by: Vec<String>,
    /// Completed over created, 0 to 1; `None` where none was created.
    pub rate: Option<f64>,
}

/// Computes the report from all incidents that are known, also older ones: these tell what is a repeat.
pub fn weekly_report(incidents: &[ReviewedIncident], from: Timestamp, to: Timestamp) -> WeeklyReport {
    let mut real: Vec<&ReviewedIncident> = incidents.iter().filter(|incident| !incident.drill).collect();
    real.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
    let week: Vec<&ReviewedIncident> = real
        .iter()
        .copied()
        .filter(|incident| from <= incident.opened_at && incident.opened_at < to)
        .collect();
    let ids = |keep: &dyn Fn(&ReviewedIncident) -> bool| -> Vec<String> {
        week.iter().filter(|incident| keep(incident)).map(|incident| incident.id.clone()).collect()
    };
    let by_severity = Severity::ALL
        .into_iter()
        .map(|severity| {
            let members: Vec<&ReviewedIncident> =
                week.iter().copied().filter(|incident| incident.severity == severity).collect();
            SeverityLine {
                severity,
                ids: ids(&|incident| incident.severity == severity),
                recover: group(&members, Metric::Recover),
            }
        })
        .collect();
    let repeats = repeats(&real, from, to);
    WeeklyReport {
        from,
        to,
        incidents: ids(&|_| true),
        by_severity,
        times: Metric::ALL
            .into_iter()
            .map(|metric| MetricLine { metric, seconds: group(&week, metric) })
            .collect(),
        top_causes: top_causes(&week),
        cause_unknown: ids(&|incident| incident.cause.is_none()),
        repeat_share: share(repeats.len(), week.len()),
        repeats,
        action_items: action_items(&week),
        flagged: week
            .iter()
            .filter(|incident| !incident.times.flagged.is_empty())
            .map(|incident| (incident.id.clone(), incident.times.flagged.clone()))
            .collect(),
    }
}

/// `real` is in order of opening.
fn repeats(real: &[&ReviewedIncident], from: Timestamp, to: Timestamp) -> Vec<Repeat> {
    let mut last: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut found = Vec::new();
    for incident in real.iter().filter(|incident| incident.opened_at < to) {
        let Some(cause) = &incident.cause else { continue };
        let earlier = last.insert((cause, &incident.service), &incident.id);
        if let Some(earlier) = earlier.filter(|_| incident.opened_at >= from) {
            found.push(Repeat { id: incident.id.clone(), repeats: earlier.to_owned() });
        }
    }
    found
}

fn top_causes(week: &[&ReviewedIncident]) -> Vec<CauseLine> {
    let mut causes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for incident in week {
        if let Some(cause) = &incident.cause {
            causes.entry(cause).or_default().push(incident.id.clone());
        }
    }
    let mut lines: Vec<CauseLine> =
        causes.into_iter().map(|(cause, ids)| CauseLine { cause: cause.to_owned(), ids }).collect();
    // A stable sort: equal counts stay in the order of their names.
    lines.sort_by_key(|line| std::cmp::Reverse(line.ids.len()));
    lines
}

fn action_items(week: &[&ReviewedIncident]) -> ActionItems {
    let created: usize = week.iter().map(|incident| incident.action_items_created).sum();
    let completed: usize = week.iter().map(|incident| incident.action_items_completed).sum();
    let ids = |count: fn(&ReviewedIncident) -> usize| {
        week.iter().filter(|incident| count(incident) > 0).map(|incident| incident.id.clone()).collect()
    };
    ActionItems {
        created,
        created_by: ids(|incident| incident.action_items_created),
        completed,
        completed_by: ids(|incident| incident.action_items_completed),
        rate: share(completed, created),
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How many causes the text names.
const TOP: usize = 5;

impl WeeklyReport {
    /// The report as plain text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let last = self.to.checked_sub(SignedDuration::from_secs(1)).unwrap_or(self.to).max(self.from);
        let (from, to) = (self.from.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d"));
        writeln!(
            out,
            "Week {from} to {to}: {}{}",
            count(self.incidents.len(), "incident"),
            list(&self.incidents)
        )?;
        for line in &self.by_severity {
            let recovery = match &line.recover.stats {
                Some(stats) => format!(", mean time to recovery {}", span(stats.mean)),
                None if line.ids.is_empty() => String::new(),
                None => ", none with a measured recovery".to_owned(),
            };
            writeln!(out, "  {}: {}{recovery}{}", line.severity, line.ids.len(), list(&line.ids))?;
        }
        writeln!(out, "\nTimes (mean / median / 90th percentile)")?;
        for line in &self.times {
            let left_out = match line.seconds.left_out.len() {
                0 => String::new(),
                n => format!("; {n} without a usable value{}", list(&line.seconds.left_out)),
            };
            let figures = line.seconds.stats.as_ref().map_or_else(
                || "not measured".to_owned(),
                |s| format!("{} / {} / {} over {}", span(s.mean), span(s.median), span(s.p90), s.count),
            );
            writeln!(out, "  {}: {figures}{left_out}", line.metric.words())?;
        }
        writeln!(out, "\nMost frequent root causes")?;
        if self.top_causes.is_empty() {
            writeln!(out, "  none established")?;
        }
        for (rank, line) in self.top_causes.iter().take(TOP).enumerate() {
            writeln!(
                out,
                "  {}. {}: {}{}",
                rank + 1,
                line.cause,
                count(line.ids.len(), "incident"),
                list(&line.ids)
            )?;
        }
        if !self.cause_unknown.is_empty() {
            writeln!(
                out,
                "  cause not established: {}{}",
                self.cause_unknown.len(),
                list(&self.cause_unknown)
            )?;
        }
        let share = self.repeat_share.map_or_else(String::new, |s| format!(" ({} of all)", percent(s)));
        writeln!(out, "\nRepeats: {}{share}", self.repeats.len())?;
        for repeat in &self.repeats {
            writeln!(out, "  {} repeats {}", repeat.id, repeat.repeats)?;
        }
        let items = &self.action_items;
        writeln!(out, "\nAction items created: {}{}", items.created, list(&items.created_by))?;
        let rate = items.rate.map_or_else(String::new, |r| format!(" ({})", percent(r)));
        writeln!(out, "Action items completed: {}{rate}{}", items.completed, list(&items.completed_by))?;
        if !self.flagged.is_empty() {
            writeln!(out, "\nTimestamps to look at")?;
            for (id, reasons) in &self.flagged {
                writeln!(out, "  {id}: {}", reasons.join("; "))?;
            }
        }
        Ok(())
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!(" [{}]", ids.join(", ")) }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Seconds as a person says them.
fn span(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.1} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}
