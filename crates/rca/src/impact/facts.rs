//! From an assessment to what the severity policy decides from.

use firebell_core::severity::{Facts, IncidentKind};

use super::assess::Impact;

/// Nearly all that is asked fails.
const DOWN: f64 = 0.9;
/// Shares below this are no measurement of who is hit.
const TELLING: f64 = 0.01;

impl Impact {
    /// The facts that it holds; what was not measured stays unknown. Whether customers use a component, and whether they
    /// pay there, is the service catalogue's to say.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        let mut note = |field: &str, text: String| {
            facts.provenance.insert(field.to_owned(), text);
        };
        if self.kind != IncidentKind::Other {
            facts.kind = Some(self.kind);
            note("kind", "by the telemetry".to_owned());
        }
        let errors = self.edge.iter().max_by(|a, b| a.error_ratio.total_cmp(&b.error_ratio));
        if let Some(harm) = errors {
            facts.error_ratio = Some(harm.error_ratio);
            facts.baseline_error_ratio = harm.baseline_error_ratio;
            note(
                "error_ratio",
                format!("{}: {:.0} of {:.0} requests failed", harm.component, harm.failed, harm.requests),
            );
            if harm.error_ratio >= DOWN && harm.baseline_error_ratio.is_none_or(|b| b < DOWN / 2.0) {
                facts.feature_down = Some(true);
                note("feature_down", format!("nearly every request to {} fails", harm.component));
            }
        }
        let slower = self.edge.iter().filter_map(|h| Some((h.p95_ms? / h.baseline_p95_ms?.max(5.0), h)));
        if let Some((ratio, harm)) = slower.max_by(|a, b| a.0.total_cmp(&b.0)) {
            facts.p95_ratio = Some(ratio);
            let ms = |v: Option<f64>| v.unwrap_or(0.0);
            note(
                "p95_ratio",
                format!(
                    "p95 of {}: {:.0} ms, {:.0} ms before",
                    harm.component,
                    ms(harm.p95_ms),
                    ms(harm.baseline_p95_ms)
                ),
            );
        }
        let counted = self.users.as_ref().filter(|u| u.seen > 0);
        let by_users =
            counted.map(|u| (u.hit as f64 / u.seen as f64, format!("{} of {} users", u.hit, u.seen)));
        let by_requests = self.edge.first().map(|h| (h.share, format!("{}: {}", h.component, h.reading)));
        if let Some((share, why)) = by_users.or(by_requests).filter(|s| s.0 >= TELLING) {
            facts.users_affected_ratio = Some(share.min(1.0));
            note("users_affected_ratio", why);
        }
        if let Some(budget) = &self.budget {
            facts.slo_burnt_ratio = Some(budget.burnt.min(1.0));
            note(
                "slo_burnt_ratio",
                format!(
                    "{:.1} bad minutes against {} % promised{}; the budget burns {:.1} times too fast",
                    budget.minutes,
                    100.0 * budget.slo,
                    if budget.assumed { " (taken for granted)" } else { "" },
                    budget.burn_rate
                ),
            );
        }
        facts.services = self.affected.iter().map(|a| crate::names::short(&a.component).to_owned()).collect();
        facts
    }

    /// In one sentence, for people.
    pub fn sentence(&self) -> String {
        let percent = |v: f64| format!("{:.1} %", 100.0 * v);
        let Some(share) = self.share.filter(|s| *s >= TELLING) else {
            return match self.affected.as_slice() {
                [] => "Nobody is seen to be hit.".to_owned(),
                some => format!(
                    "{} components show harm; requests could not be counted or are not hit.",
                    some.len()
                ),
            };
        };
        let mut out = format!(
            "{} of {:.0} requests at the edge are hit ({})",
            percent(share),
            self.requests,
            self.kind.as_str()
        );
        if let Some(users) = &self.users {
            out.push_str(&format!(", {} of {} users", users.hit, users.seen));
        }
        if let Some(at) = self.started_at {
            out.push_str(&format!(", since {at}"));
        }
        if let Some(ongoing) = self.ongoing {
            out.push_str(if ongoing { ", going on" } else { ", over by the end of the records" });
        }
        if let Some(budget) = &self.budget {
            out.push_str(&format!(
                "; the error budget burns {:.1} times too fast, {} of it gone",
                budget.burn_rate,
                percent(budget.burnt)
            ));
        }
        out.push('.');
        out
    }
}
