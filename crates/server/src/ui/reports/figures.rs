//! The figures behind the reports: weeks, trends, and who was called. Pure.

use std::collections::BTreeMap;

use firebell_core::review::{GroupLine, Metric, ReviewedIncident, Times, summarise};
use firebell_core::severity::Severity;
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::auth::Person;
use crate::ui::archive::{Case, Known};

/// Weeks of the trend that the page draws.
pub(crate) const WEEKS: usize = 12;
/// Hours of the day that count as night, UTC: from, until.
const NIGHT: (i8, i8) = (22, 6);

/// A week, Monday to Monday, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Week(ISOWeekDate);

impl Week {
    /// The week of a moment.
    pub(crate) fn of(at: Timestamp) -> Option<Self> {
        let date = at.to_zoned_datetime(TimeZone::UTC).date().iso_week_date();
        ISOWeekDate::new(date.year(), date.week(), Weekday::Monday).ok().map(Self)
    }

    /// Reads `2026-W48`; before 1970 there was nothing to report.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        let year = year.parse().ok().filter(|year| (1970..=9999).contains(year))?;
        ISOWeekDate::new(year, week.parse().ok()?, Weekday::Monday).ok().map(Self)
    }

    /// `2026-W48`.
    pub(crate) fn name(self) -> String {
        format!("{}-W{:02}", self.0.year(), self.0.week())
    }

    /// `W48`.
    pub(crate) fn short(self) -> String {
        format!("W{:02}", self.0.week())
    }

    /// From, inclusive, and to, exclusive.
    pub(crate) fn span(self) -> Option<(Timestamp, Timestamp)> {
        let from = self.0.date().to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
        Some((from, from.checked_add(SignedDuration::from_hours(7 * 24)).ok()?))
    }

    /// So many weeks later, or earlier.
    pub(crate) fn step(self, weeks: i64) -> Option<Self> {
        let (from, _) = self.span()?;
        Self::of(from.checked_add(SignedDuration::from_hours(weeks.checked_mul(7 * 24)?)).ok()?)
    }
}

/// One week of a trend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) week: Week,
    /// Incidents by severity, worst first.
    pub(crate) counts: [usize; 4],
    /// Mean time to acknowledge, seconds.
    pub(crate) acknowledge_s: Option<f64>,
    /// Mean time to recovery, seconds.
    pub(crate) recover_s: Option<f64>,
    /// Seconds in which customers felt something.
    pub(crate) impact_s: f64,
}

/// Everything that a person may see, as the review counts it. Of what was not read yet the list tells enough: when it
/// was, and its cause.
pub(crate) fn reviewed(known: &Known, person: &Person) -> Vec<ReviewedIncident> {
    known
        .seen_by(person)
        .map(|case| case.deep.as_ref().map_or_else(|| unread(case), |d| d.reviewed.clone()))
        .collect()
}

fn unread(case: &Case) -> ReviewedIncident {
    let row = &case.row;
    let cause = row.cause.as_deref().and_then(|c| c.split_once('@'));
    ReviewedIncident {
        id: row.id.to_string(),
        severity: row.severity,
        kind: row.kind,
        service: cause.map_or_else(|| "unknown".to_owned(), |(_, component)| component.to_owned()),
        cause: cause.map(|(cause, _)| cause.to_owned()),
        opened_at: row.opened_at,
        status: row.status,
        resolved_at: row.resolved_at,
        times: Times::default(),
        drill: row.drill,
        action_items: Vec::new(),
    }
}

/// Mean of a time over the incidents of a line, in seconds, and of how many incidents it was measured.
pub(crate) fn mean(line: &GroupLine, metric: Metric) -> Option<(f64, usize)> {
    let stats = line.times.iter().find(|t| t.metric == metric)?.seconds.stats?;
    Some((stats.mean, stats.count))
}

/// So many weeks up to `last`, oldest first.
pub(crate) fn trend(reviewed: &[ReviewedIncident], last: Week, weeks: usize) -> Vec<Point> {
    let back = i64::try_from(weeks).unwrap_or(0) - 1;
    (0..=back).rev().filter_map(|ago| last.step(-ago)).filter_map(|week| point(reviewed, week)).collect()
}

fn point(reviewed: &[ReviewedIncident], week: Week) -> Option<Point> {
    let (from, to) = week.span()?;
    let within: Vec<&ReviewedIncident> =
        reviewed.iter().filter(|i| i.counts() && from <= i.opened_at && i.opened_at < to).collect();
    let values =
        |metric: Metric| within.iter().filter_map(move |i| metric.of(&i.times)).collect::<Vec<f64>>();
    let mean = |metric| summarise(values(metric)).map(|s| s.mean);
    Some(Point {
        week,
        counts: Severity::ALL.map(|s| within.iter().filter(|i| i.severity == s).count()),
        acknowledge_s: mean(Metric::Acknowledge),
        recover_s: mean(Metric::Recover),
        impact_s: values(Metric::CustomerImpact).iter().sum(),
    })
}

/// How often a person was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) calls: usize,
    pub(crate) incidents: usize,
    /// Between 22:00 and 06:00 UTC.
    pub(crate) nights: usize,
    /// On Saturdays and Sundays, UTC.
    pub(crate) weekends: usize,
}

/// Calls by person between two moments; exercises are calls too, but no load.
pub(crate) fn load<'a>(
    cases: impl Iterator<Item = &'a Case>,
    from: Timestamp,
    to: Timestamp,
) -> BTreeMap<&'a str, Load> {
    let mut all: BTreeMap<&str, Load> = BTreeMap::new();
    for case in cases.filter(|c| !c.row.drill) {
        let mut called: Vec<&str> = Vec::new();
        for (at, person) in case.deep.iter().flat_map(|d| &d.pages).filter(|(at, _)| from <= *at && *at < to)
        {
            let load = all.entry(person).or_default();
            let time = at.to_zoned_datetime(TimeZone::UTC);
            load.calls += 1;
            load.nights += usize::from(!(NIGHT.1..NIGHT.0).contains(&time.hour()));
            load.weekends += usize::from(matches!(time.weekday(), Weekday::Saturday | Weekday::Sunday));
            if !called.contains(&person.as_str()) {
                called.push(person);
                load.incidents += 1;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_have_names_and_neighbours() {
        assert!(Week::parse("0000-W01").is_none() && Week::parse("1970-W01").is_some());
        let week = Week::parse("2026-W01").expect("a week");
        assert_eq!(
            (week.name().as_str(), week.step(-1).map(Week::name).as_deref()),
            ("2026-W01", Some("2025-W52"))
        );
        let (from, to) = week.span().expect("a span");
        assert_eq!(
            (from.to_string().as_str(), to.to_string().as_str()),
            ("2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z")
        );
        for bad in ["", "2026", "2026-W54", "2026-W0", "x-W1", "2026-W1x", "99999-W01"] {
            assert_eq!(Week::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_trend_has_all_its_weeks_also_quiet_ones() {
        let points = trend(&[], Week::parse("2026-W05").expect("a week"), WEEKS);
        assert_eq!(points.len(), WEEKS);
        assert_eq!((points[0].week.short().as_str(), points[11].week.short().as_str()), ("W46", "W05"));
        assert!(points.iter().all(|p| p.counts == [0; 4] && p.recover_s.is_none()));
    }
}
