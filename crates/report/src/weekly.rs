//! The weekly report as Markdown, every number linked to the incidents behind it. The figures come from the review;
//! nothing is counted here. The plain-text form is the review's own.

use std::fmt::Write as _;

use firebell_core::review::{GroupStats, MetricLine, WeeklyReport};
use jiff::SignedDuration;

use crate::{text, words};

/// How many causes are listed.
const TOP: usize = 5;

/// Renders a week. `link` gives the address of an incident's page; an empty one leaves the id unlinked.
pub fn weekly_markdown(report: &WeeklyReport, link: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report, link);
    out
}

fn write(out: &mut String, report: &WeeklyReport, link: &dyn Fn(&str) -> String) -> std::fmt::Result {
    let ids = |ids: &[String]| ids.iter().map(|id| linked(id, link)).collect::<Vec<_>>().join(", ");
    let counted = |all: &[String]| {
        if all.is_empty() { "0".to_owned() } else { format!("{} ({})", all.len(), ids(all)) }
    };
    let last = report.to.checked_sub(SignedDuration::from_secs(1)).unwrap_or(report.to).max(report.from);
    writeln!(
        out,
        "# Incidents from {} to {}\n\n**{}** opened: {}\n",
        report.from.strftime("%Y-%m-%d"),
        last.strftime("%Y-%m-%d"),
        report.incidents.len(),
        if report.incidents.is_empty() { "none".to_owned() } else { ids(&report.incidents) }
    )?;
    for (what, all) in
        [("Called off as false alarms", &report.false_alarms), ("Nothing was wrong", &report.healthy)]
    {
        if !all.is_empty() {
            writeln!(out, "{what}, not counted: {}\n", counted(all))?;
        }
    }
    let rows: Vec<Vec<String>> = report
        .by_severity
        .iter()
        .map(|l| vec![l.severity.to_string(), counted(&l.ids), mean(&l.recover)])
        .collect();
    writeln!(
        out,
        "## By severity\n\n{}",
        text::table(&["Severity", "Incidents", "Mean time to recovery"], &rows)
    )?;
    let cells = |l: &MetricLine| {
        let s = l.seconds.stats.as_ref();
        let cell = |v: Option<f64>| v.map_or_else(|| "not measured".to_owned(), words::span);
        vec![
            l.metric.words().to_owned(),
            cell(s.map(|s| s.mean)),
            cell(s.map(|s| s.median)),
            cell(s.map(|s| s.p90)),
            counted(&l.seconds.ids),
            ids(&l.seconds.left_out),
        ]
    };
    let rows: Vec<Vec<String>> = report.times.iter().map(cells).collect();
    let head = ["Time", "Mean", "Median", "90th percentile", "Incidents", "Left out"];
    writeln!(out, "## Times\n\n{}", text::table(&head, &rows))?;
    for (what, groups) in [
        ("severity", &report.times_by_severity),
        ("service", &report.times_by_service),
        ("cause", &report.times_by_cause),
    ] {
        let rows: Vec<Vec<String>> = groups
            .iter()
            .flat_map(|g| g.times.iter().filter(|t| t.seconds.stats.is_some()).map(move |t| (g, t)))
            .map(|(group, time)| {
                let mut row = vec![text::markdown(&group.group, 80)];
                row.extend(cells(time));
                row
            })
            .collect();
        if !rows.is_empty() {
            let head = ["Of", head[0], head[1], head[2], head[3], head[4], head[5]];
            writeln!(out, "## Times by {what}\n\n{}", text::table(&head, &rows))?;
        }
    }
    writeln!(out, "## Most frequent root causes\n")?;
    for (n, line) in report.top_causes.iter().take(TOP).enumerate() {
        let title = text::markdown(&words::cause_title(&line.cause), 120);
        writeln!(out, "{}. {title} ({}): {}", n + 1, text::code(&line.cause, 80), counted(&line.ids))?;
    }
    if report.top_causes.is_empty() {
        writeln!(out, "None was established.")?;
    }
    if !report.cause_unknown.is_empty() {
        writeln!(out, "\nCause not established: {}", counted(&report.cause_unknown))?;
    }
    let share = report.repeat_share.map_or_else(String::new, |s| format!(", {:.0} % of all", s * 100.0));
    let again: Vec<String> = report.repeats.iter().map(|r| r.id.clone()).collect();
    writeln!(out, "\n## Repeats\n\n{}{share}\n", counted(&again))?;
    for repeat in &report.repeats {
        writeln!(out, "- {} repeats {}", linked(&repeat.id, link), linked(&repeat.repeats, link))?;
    }
    let items = &report.action_items;
    let from = |all: &[String]| if all.is_empty() { String::new() } else { format!(" ({})", ids(all)) };
    let rate =
        items.rate.map_or_else(String::new, |r| format!(", {:.0} % of carried and created", r * 100.0));
    writeln!(out, "\n## Action items\n\n- Created: {}{}", items.created, from(&items.created_by))?;
    writeln!(out, "- Carried over: {}{}", items.carried, from(&items.carried_by))?;
    writeln!(out, "- Completed: {}{rate}{}", items.completed, from(&items.completed_by))?;
    if !report.flagged.is_empty() {
        writeln!(out, "\n## Timestamps to look at\n")?;
        for (id, reasons) in &report.flagged {
            let reasons: Vec<String> = reasons.iter().map(|r| text::markdown(r, 200)).collect();
            writeln!(out, "- {}: {}", linked(id, link), reasons.join("; "))?;
        }
    }
    Ok(())
}

fn mean(group: &GroupStats) -> String {
    group.stats.as_ref().map_or_else(|| "-".to_owned(), |s| words::span(s.mean))
}

fn linked(id: &str, link: &dyn Fn(&str) -> String) -> String {
    let shown = text::markdown(id, 60);
    let address = link(id);
    let safe = (text::is_web(&address) || address.starts_with('/'))
        && !address.contains(['<', '>', '(', ')', ' ', '\n', '\\']);
    if safe { format!("[{shown}]({address})") } else { shown }
}
