//! The weekly report: what happened, how fast it was mended, what came back, what was learnt. Every number names the
//! incidents behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::stats::group;
use super::{GroupBy, GroupStats, Metric, Times, by_group};
use crate::incident::Status;
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
    /// How it stands: only one that was resolved counts for recovery, and one that was merged counts in another.
    pub status: Status,
    /// When it ended, if it has.
    pub resolved_at: Option<Timestamp>,
    /// Measured times.
    pub times: Times,
    /// A drill: never counted.
    pub drill: bool,
    /// Follow-up work that it led to.
    pub action_items: Vec<ReviewedItem>,
}

impl ReviewedIncident {
    /// Whether it counts as an incident: exercises do not, nor what was none, nor what goes on in another.
    pub fn counts(&self) -> bool {
        let was_one = !matches!(self.status, Status::Merged | Status::Cancelled | Status::ClosedHealthy);
        was_one && !self.drill
    }
}

/// Follow-up work as the review sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedItem {
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// The report of `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeeklyReport {
    /// Start.
    pub from: Timestamp,
    /// End, exclusive.
    pub to: Timestamp,
    /// All incidents opened in the week, in order of opening. Not among them: exercises, what was merged into
    /// another, and the next two.
    pub incidents: Vec<String>,
    /// Opened in the week and called off by a person as no incident.
    pub false_alarms: Vec<String>,
    /// Opened in the week and found to be nothing.
    pub healthy: Vec<String>,
    /// By severity, all four, worst first.
    pub by_severity: Vec<SeverityLine>,
    /// All six times over the week.
    pub times: Vec<MetricLine>,
    /// All six times by severity, worst first.
    pub times_by_severity: Vec<GroupLine>,
    /// All six times by service, in order of names.
    pub times_by_service: Vec<GroupLine>,
    /// All six times by cause, in order of ids; incidents without one are the group `unknown`.
    pub times_by_cause: Vec<GroupLine>,
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

/// The measured times of a group of the week's incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupLine {
    /// What they have in common: `SEV1`, `checkout`, `saturation.connection_pool`.
    pub group: String,
    /// Incidents.
    pub ids: Vec<String>,
    /// All six times.
    pub times: Vec<MetricLine>,
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

/// Follow-up work, by when it was added and when it was done, whichever incident it is of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActionItems {
    /// Added in the week.
    pub created: usize,
    /// Incidents that they are of.
    pub created_by: Vec<String>,
    /// Open from before when the week began.
    pub carried: usize,
    /// Incidents that they are of.
    pub carried_by: Vec<String>,
    /// Done in the week.
    pub completed: usize,
    /// Incidents that they are of.
    pub completed_by: Vec<String>,
    /// Completed over carried and created, 0 to 1; `None` where there was nothing to do.
    pub rate: Option<f64>,
}

/// Computes the report from all incidents that are known, also older ones: these tell what is a repeat.
pub fn weekly_report(incidents: &[ReviewedIncident], from: Timestamp, to: Timestamp) -> WeeklyReport {
    let mut all: Vec<&ReviewedIncident> = incidents.iter().filter(|incident| !incident.drill).collect();
    all.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
    let opened = |incident: &ReviewedIncident| from <= incident.opened_at && incident.opened_at < to;
    let real: Vec<&ReviewedIncident> = all.iter().copied().filter(|incident| incident.counts()).collect();
    let week: Vec<&ReviewedIncident> = real.iter().copied().filter(|incident| opened(incident)).collect();
    let ended = |status: Status| -> Vec<String> {
        let found = all.iter().filter(|incident| opened(incident) && incident.status == status);
        found.map(|incident| incident.id.clone()).collect()
    };
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
        false_alarms: ended(Status::Cancelled),
        healthy: ended(Status::ClosedHealthy),
        by_severity,
        times: Metric::ALL
            .into_iter()
            .map(|metric| MetricLine { metric, seconds: group(&week, metric) })
            .collect(),
        times_by_severity: grouped(&week, GroupBy::Severity),
        times_by_service: grouped(&week, GroupBy::Service),
        times_by_cause: grouped(&week, GroupBy::Cause),
        top_causes: top_causes(&week),
        cause_unknown: ids(&|incident| incident.cause.is_none()),
        repeat_share: share(repeats.len(), week.len()),
        repeats,
        action_items: action_items(&all, from, to),
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

/// All six times by group.
fn grouped(week: &[&ReviewedIncident], by: GroupBy) -> Vec<GroupLine> {
    let mut lines: BTreeMap<String, GroupLine> = BTreeMap::new();
    for metric in Metric::ALL {
        for (key, seconds) in by_group(week.iter().copied(), by, metric) {
            let line = lines.entry(key.clone()).or_insert_with(|| GroupLine {
                group: key,
                ids: week
                    .iter()
                    .filter(|i| seconds.ids.contains(&i.id) || seconds.left_out.contains(&i.id))
                    .map(|i| i.id.clone())
                    .collect(),
                times: Vec::new(),
            });
            line.times.push(MetricLine { metric, seconds });
        }
    }
    lines.into_values().collect()
}

fn action_items(all: &[&ReviewedIncident], from: Timestamp, to: Timestamp) -> ActionItems {
    let within = |at: Timestamp| from <= at && at < to;
    let count = |keep: &dyn Fn(&ReviewedItem) -> bool| {
        let each = all.iter().map(|incident| {
            (incident.action_items.iter().filter(|item| keep(item)).count(), incident.id.clone())
        });
        let each: Vec<(usize, String)> = each.filter(|(n, _)| *n > 0).collect();
        (each.iter().map(|(n, _)| n).sum::<usize>(), each.into_iter().map(|(_, id)| id).collect())
    };
    let (created, created_by) = count(&|item| within(item.created_at));
    let (carried, carried_by) =
        count(&|item| item.created_at < from && item.done_at.is_none_or(|done| done >= from));
    let (completed, completed_by) = count(&|item| item.created_at < to && item.done_at.is_some_and(within));
    let rate = share(completed, carried + created);
    ActionItems { created, created_by, carried, carried_by, completed, completed_by, rate }
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
        for (what, ids) in [("false alarms", &self.false_alarms), ("nothing wrong", &self.healthy)] {
            if !ids.is_empty() {
                writeln!(out, "  not counted, {what}: {}{}", ids.len(), list(ids))?;
            }
        }
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
            writeln!(out, "  {}: {}", line.metric.words(), figures(&line.seconds))?;
        }
        for (what, groups) in [
            ("severity", &self.times_by_severity),
            ("service", &self.times_by_service),
            ("cause", &self.times_by_cause),
        ] {
            if groups.is_empty() {
                continue;
            }
            writeln!(out, "\nTimes by {what}")?;
            for line in groups {
                writeln!(out, "  {}: {}{}", line.group, count(line.ids.len(), "incident"), list(&line.ids))?;
                for time in line.times.iter().filter(|time| time.seconds.stats.is_some()) {
                    writeln!(out, "    {}: {}", time.metric.words(), figures(&time.seconds))?;
                }
            }
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
        writeln!(out, "Action items carried over: {}{}", items.carried, list(&items.carried_by))?;
        let rate =
            items.rate.map_or_else(String::new, |r| format!(" ({} of carried and created)", percent(r)));
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

/// Mean, median and 90th percentile, with what they are of.
fn figures(seconds: &GroupStats) -> String {
    let left_out = match seconds.left_out.len() {
        0 => String::new(),
        n => format!("; {n} without a usable value{}", list(&seconds.left_out)),
    };
    let figures = seconds.stats.as_ref().map_or_else(
        || "not measured".to_owned(),
        |s| {
            let (mean, median, p90) = (span(s.mean), span(s.median), span(s.p90));
            format!("{mean} / {median} / {p90} over {}{}", s.count, list(&seconds.ids))
        },
    );
    figures + &left_out
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
