//! The six times of one incident, measured between recorded instants.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the record knows about when things happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instants {
    /// First bad sample.
    #[serde(default)]
    pub impact_started_at: Option<Timestamp>,
    /// First report by a customer.
    #[serde(default)]
    pub first_customer_report: Option<Timestamp>,
    /// The incident was opened.
    pub opened_at: Timestamp,
    /// The first page went out.
    #[serde(default)]
    pub first_page_at: Option<Timestamp>,
    /// Somebody acknowledged, for the first time.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
    /// The mitigation was verified.
    #[serde(default)]
    pub mitigated_at: Option<Timestamp>,
    /// Resolved.
    #[serde(default)]
    pub resolved_at: Option<Timestamp>,
    /// The all-clear was given.
    #[serde(default)]
    pub all_clear_at: Option<Timestamp>,
    /// First public or internal update.
    #[serde(default)]
    pub first_update_at: Option<Timestamp>,
}

/// The times, in seconds. `None` where an instant is missing or stands before its start: `flagged` says which.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// Start of impact to opened.
    pub detect_s: Option<f64>,
    /// First page to first acknowledgement.
    pub acknowledge_s: Option<f64>,
    /// Opened to mitigation verified.
    pub mitigate_s: Option<f64>,
    /// Opened to resolved.
    pub recover_s: Option<f64>,
    /// First customer report, else start of impact, to all-clear.
    pub customer_impact_s: Option<f64>,
    /// Opened to the first update.
    pub communication_latency_s: Option<f64>,
    /// What could not be measured, and why: `detect: start of impact is missing`.
    pub flagged: Vec<String>,
}

/// An impact is believed to have gone unnoticed for at most so long.
const BELIEVED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Measures. A missing or impossible timestamp is flagged and leaves its time unknown; it is never taken as zero.
pub fn measure(at: &Instants) -> Times {
    let mut flagged = Vec::new();
    // Impact starts with the first sign of it, whoever saw it.
    let impact = match (at.impact_started_at, at.first_customer_report) {
        (Some(sample), Some(report)) => Some(sample.min(report)),
        (sample, report) => sample.or(report),
    };
    let felt = match at.first_customer_report {
        Some(report) => ("first customer report", Some(report)),
        None => ("start of impact", at.impact_started_at),
    };
    let opened = ("opened", Some(at.opened_at));
    // A start that no monitoring was silent about for so long is a wrong clock or a forgotten alert, not an impact.
    let old = impact.filter(|start| at.opened_at.duration_since(*start) > BELIEVED);
    let impact = if old.is_some() { None } else { impact };
    let felt = if felt.1.is_some() && felt.1 == old { (felt.0, None) } else { felt };
    if let Some(start) = old {
        flagged.push(format!(
            "detect: start of impact ({start}) is more than {} days before opened ({})",
            BELIEVED.as_hours() / 24,
            at.opened_at
        ));
    }
    let mut span = |metric: &str, from, to| between(metric, from, to, &mut flagged);
    let detect_s = span("detect", ("start of impact", impact), opened);
    let acknowledge_s =
        span("acknowledge", ("first page", at.first_page_at), ("acknowledged", at.acknowledged_at));
    let mitigate_s = span("mitigate", opened, ("mitigation verified", at.mitigated_at));
    let recover_s = span("recover", opened, ("resolved", at.resolved_at));
    let customer_impact_s = span("customer impact", felt, ("all-clear", at.all_clear_at));
    let communication_latency_s = span("communication latency", opened, ("first update", at.first_update_at));
    Times {
        detect_s,
        acknowledge_s,
        mitigate_s,
        recover_s,
        customer_impact_s,
        communication_latency_s,
        flagged,
    }
}

type Named<'a> = (&'a str, Option<Timestamp>);

fn between(metric: &str, from: Named<'_>, to: Named<'_>, flagged: &mut Vec<String>) -> Option<f64> {
    let (Some(start), Some(end)) = (from.1, to.1) else {
        for (name, _) in [from, to].iter().filter(|(_, at)| at.is_none()) {
            flagged.push(format!("{metric}: {name} is missing"));
        }
        return None;
    };
    if end < start {
        let moment = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC");
        flagged.push(format!(
            "{metric}: {} ({}) is before {} ({})",
            to.0,
            moment(end),
            from.0,
            moment(start)
        ));
        return None;
    }
    Some(end.duration_since(start).as_secs_f64())
}
