//! The severity table as rules: any of the critical rules makes SEV1, enough major indicators make SEV2, and what
//! remains is minor unless nothing but looks is affected. How facts are come by is not here.

use super::{DecidedBy, Decision, Facts, Severity, SeverityPolicy};

/// Decides the severity of what is known. Equal facts and policy give an equal decision; an unknown fact, or a
/// number that makes no sense, never counts as bad.
pub fn assess(facts: &Facts, policy: &SeverityPolicy) -> Decision {
    let known = Known::of(facts, policy);
    let critical: Vec<(&str, String)> =
        CRITICAL.iter().filter_map(|(id, met)| met(&known).map(|why| (*id, why))).collect();
    if let Some((id, _)) = critical.first() {
        return decision(Severity::Sev1, format!("sev1.{id}"), reasons(&critical));
    }
    let mut major: Vec<(&str, String)> =
        MAJOR.iter().filter_map(|(id, met)| met(&known).map(|why| (*id, why))).collect();
    let needs = policy.sev2_needs.max(1);
    if !major.is_empty() && major.len() + 1 == needs {
        major.extend(words(&known).map(|why| ("words", why)));
    }
    if major.len() >= needs {
        let ids: Vec<&str> = major.iter().map(|(id, _)| *id).collect();
        return decision(
            Severity::Sev2,
            format!("sev2.{}_of({})", count_word(needs), ids.join(",")),
            reasons(&major),
        );
    }
    let functional = major.iter().any(|(id, _)| *id != "users");
    if facts.functional_impact == Some(false) && !functional {
        return decision(
            Severity::Sev4,
            "sev4.cosmetic".to_owned(),
            "it looks wrong but works: no functional impact".to_owned(),
        );
    }
    let mut minor: Vec<String> = major.into_iter().map(|(_, why)| why).collect();
    minor.extend(MINOR.iter().filter_map(|met| met(&known)));
    if minor.is_empty() {
        return decision(
            Severity::Sev3,
            "sev3.default".to_owned(),
            "nothing that decides a severity is known yet, so that somebody looks".to_owned(),
        );
    }
    decision(
        Severity::Sev3,
        "sev3.minor".to_owned(),
        format!("{}; fewer than {needs} of the SEV2 indicators are met", minor.join("; ")),
    )
}

/// The facts with nonsense taken out, beside the limits.
struct Known<'a> {
    facts: &'a Facts,
    policy: &'a SeverityPolicy,
    /// Error ratio, where it is above its baseline.
    errors: Option<f64>,
    p95: Option<f64>,
    /// Share of users as it was told.
    users: Option<f64>,
    slo_burnt: Option<f64>,
}

impl<'a> Known<'a> {
    fn of(facts: &'a Facts, policy: &'a SeverityPolicy) -> Self {
        let sane = |value: Option<f64>| value.filter(|v| v.is_finite() && *v >= 0.0);
        let share = |value: Option<f64>| sane(value).filter(|v| *v <= 1.0);
        let baseline = share(facts.baseline_error_ratio).unwrap_or(-1.0);
        Self {
            facts,
            policy,
            // A ratio that always was so is not an incident's.
            errors: share(facts.error_ratio).filter(|ratio| *ratio > baseline),
            p95: sane(facts.p95_ratio),
            users: share(facts.users_affected_ratio),
            slo_burnt: sane(facts.slo_burnt_ratio),
        }
    }

    /// Whether customers may feel it; only a known "no" is a no.
    fn may_reach_customers(&self) -> bool {
        self.facts.customer_facing != Some(false)
    }

    /// Share of users, and whether it is implied by the errors only.
    fn users_or_implied(&self) -> Option<(f64, bool)> {
        let implied = self.errors.filter(|ratio| *ratio > self.policy.implied_users_error_ratio);
        match (self.users, implied) {
            (Some(told), Some(ratio)) if ratio > told => Some((ratio, true)),
            (Some(told), _) => Some((told, false)),
            (None, Some(ratio)) => Some((ratio, true)),
            (None, None) => None,
        }
    }
}

type Rule = fn(&Known<'_>) -> Option<String>;

/// Any of these makes SEV1; the first that is met names the decision.
const CRITICAL: [(&str, Rule); 7] = [
    ("complete_outage", complete_outage),
    ("revenue_stopped", |k| said(k.facts.revenue_stopped, "revenue has stopped: customers cannot pay")),
    ("data_loss", |k| said(k.facts.data_loss, "data is lost or destroyed")),
    ("breach", |k| said(k.facts.breach, "a breach, or an attack that may have become one")),
    ("error_ratio", over_half_fails),
    ("p95_failing", so_slow_that_it_fails),
    ("regulatory", |k| said(k.facts.regulatory, "regulatory exposure: an authority may have to be told")),
];

/// Enough of these make SEV2.
const MAJOR: [(&str, Rule); 5] = [
    ("users", users),
    ("p95", p95),
    ("errors", errors),
    ("feature_down", |k| said(k.facts.feature_down, "a feature does not work at all")),
    ("slo_burnt", slo_burnt),
];

/// What is said of a minor incident beside the major indicators that it meets.
const MINOR: [Rule; 7] = [
    |k| {
        let users = k.users.filter(|u| *u < k.policy.sev2_users_ratio)?;
        Some(format!(
            "{} of users are affected (SEV2 from {})",
            percent(users),
            percent(k.policy.sev2_users_ratio)
        ))
    },
    |k| {
        let ratio = k.p95.filter(|p| *p <= k.policy.sev2_p95_ratio)?;
        Some(format!("p95 is {ratio:.1} times the baseline (SEV2 above {})", k.policy.sev2_p95_ratio))
    },
    |k| {
        let ratio = k.facts.error_ratio.filter(|r| r.is_finite() && *r >= 0.0 && *r <= 1.0)?;
        if errors(k).is_some() {
            return None;
        }
        let baseline = match k.facts.baseline_error_ratio {
            Some(baseline) if baseline.is_finite() => format!(", baseline {}", percent(baseline)),
            _ => String::new(),
        };
        Some(format!(
            "error rate is {}{baseline} (SEV2 from {})",
            percent(ratio),
            percent(k.policy.sev2_error_ratio)
        ))
    },
    |k| {
        let burnt = k.slo_burnt.filter(|b| *b <= k.policy.sev2_slo_burnt_ratio)?;
        Some(format!(
            "{} of the error budget is burnt (SEV2 above {})",
            percent(burnt),
            percent(k.policy.sev2_slo_burnt_ratio)
        ))
    },
    |k| said(k.facts.workaround, "a workaround exists"),
    |k| {
        let down = k.facts.complete_outage == Some(true);
        (down && !k.may_reach_customers()).then(|| "what is down does not face customers".to_owned())
    },
    |k| {
        let part = k.users.filter(|u| *u < k.policy.sev1_outage_users_ratio)?;
        (k.facts.complete_outage == Some(true)).then(|| {
            format!("the reported outage is not complete: {} of users are fine", percent(1.0 - part))
        })
    },
];

fn complete_outage(k: &Known<'_>) -> Option<String> {
    if !k.may_reach_customers() || k.users.is_some_and(|users| users < k.policy.sev1_outage_users_ratio) {
        return None;
    }
    said(k.facts.complete_outage, "complete outage of what customers use")
}

fn over_half_fails(k: &Known<'_>) -> Option<String> {
    let ratio = k.errors.filter(|ratio| *ratio > k.policy.sev1_error_ratio && k.may_reach_customers())?;
    Some(format!("error rate is {} (limit {})", percent(ratio), percent(k.policy.sev1_error_ratio)))
}

fn so_slow_that_it_fails(k: &Known<'_>) -> Option<String> {
    // Slow but usable is never critical, however slow: the failures must be known.
    let ratio = k.p95.filter(|ratio| *ratio > k.policy.sev1_p95_ratio && k.may_reach_customers())?;
    (k.facts.fails_of_latency == Some(true)).then(|| {
        format!(
            "p95 is {ratio:.1} times the baseline (limit {}) and requests fail of it",
            k.policy.sev1_p95_ratio
        )
    })
}

fn users(k: &Known<'_>) -> Option<String> {
    // The users of the table are customers.
    let (share, implied) = k.users_or_implied().filter(|_| k.may_reach_customers())?;
    if share < k.policy.sev2_users_ratio {
        return None;
    }
    let limit = percent(k.policy.sev2_users_ratio);
    Some(if !implied && k.facts.assumed.contains("users_affected_ratio") {
        format!("all users are taken to be affected, as nothing limits it to a part (limit {limit})")
    } else if implied {
        format!("at least {} of users are affected, by the error rate (limit {limit})", percent(share))
    } else {
        format!("{} of users are affected (limit {limit})", percent(share))
    })
}

fn p95(k: &Known<'_>) -> Option<String> {
    let ratio = k.p95.filter(|ratio| *ratio > k.policy.sev2_p95_ratio)?;
    Some(format!("p95 is {ratio:.1} times the baseline (limit {})", k.policy.sev2_p95_ratio))
}

fn errors(k: &Known<'_>) -> Option<String> {
    let ratio = k.errors.filter(|ratio| *ratio >= k.policy.sev2_error_ratio)?;
    Some(format!("error rate is {} (limit {})", percent(ratio), percent(k.policy.sev2_error_ratio)))
}

fn slo_burnt(k: &Known<'_>) -> Option<String> {
    let burnt = k.slo_burnt.filter(|burnt| *burnt > k.policy.sev2_slo_burnt_ratio)?;
    Some(format!(
        "{} of the error budget is burnt (limit {})",
        percent(burnt),
        percent(k.policy.sev2_slo_burnt_ratio)
    ))
}

/// What the words read like completes the indicators where one is missing, as long as nobody knows how many are hit and
/// no way around it is known. It is asked last, so that it never names a decision that stands without it.
fn words(k: &Known<'_>) -> Option<String> {
    let unknown = k.facts.users_affected_ratio.is_none() && k.facts.workaround != Some(true);
    let may = unknown && k.may_reach_customers();
    said(k.facts.reads_major.filter(|_| may), "its words read like those of major incidents")
}

fn said(fact: Option<bool>, words: &str) -> Option<String> {
    (fact == Some(true)).then(|| words.to_owned())
}

fn reasons(met: &[(&str, String)]) -> String {
    met.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ")
}

fn decision(severity: Severity, rule: String, because: String) -> Decision {
    Decision { severity, rule, because, by: DecidedBy::Policy }
}

/// `0.5 %`, `62 %`: at most two decimals, none where they are zero.
fn percent(ratio: f64) -> String {
    let text = format!("{:.2}", ratio * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn count_word(count: usize) -> String {
    match count {
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        4 => "four".to_owned(),
        5 => "five".to_owned(),
        more => more.to_string(),
    }
}
