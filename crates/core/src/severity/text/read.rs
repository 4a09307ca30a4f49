//! From phrases and figures to facts: what contradicts what, and what a report leaves to be assumed.

use std::collections::BTreeMap;

use super::normal::sentences;
use super::numbers::{Figure, error_ratio, latency_ratio, slo_burnt, users_affected};
use super::phrases::{Hit, Mark, hits};
use super::words::Model;
use crate::severity::{Facts, IncidentKind};

/// A share of users below this is a part of them: what is down for a part is not a complete outage.
const PART: f64 = 0.5;
/// A feature that is down for fewer users than this works for nearly all.
const HARDLY_ANY: f64 = 0.2;

/// Reads facts from free text. Equal text gives equal facts; what the text does not say stays unknown; words that
/// ask for a severity have no effect. Never fails.
pub fn facts_from_text(text: &str) -> Facts {
    let sentences = sentences(text);
    let mut report = Report { hits: hits(&sentences), facts: Facts::default() };
    report.figures(&sentences);
    report.users();
    report.reach();
    report.critical();
    report.feature();
    report.small();
    report.kind();
    report.assume_all_users();
    report.reads_major(text);
    report.facts
}

struct Report {
    hits: Vec<Hit>,
    facts: Facts,
}

impl Report {
    /// The first that says so and is neither denied nor only feared.
    fn said(&self, wanted: impl Fn(Mark) -> bool) -> Option<&Hit> {
        self.hits.iter().find(|hit| wanted(hit.mark) && !hit.denied && !hit.feared)
    }

    fn has(&self, mark: Mark) -> bool {
        self.said(|m| m == mark).is_some()
    }

    /// Yes where it is said, no where it is denied and not said, else unknown.
    fn answer(&self, mark: Mark) -> Option<(bool, String)> {
        if let Some(hit) = self.said(|m| m == mark) {
            return Some((true, hit.quote.clone()));
        }
        let denied = self.hits.iter().find(|hit| hit.mark == mark && hit.denied)?;
        Some((false, format!("not: {}", denied.quote)))
    }

    fn note(&mut self, field: &str, words: &str) {
        note(&mut self.facts.provenance, field, words);
    }

    fn figures(&mut self, sentences: &[String]) {
        let first = |read: fn(&str) -> Option<Figure>| sentences.iter().find_map(|s| read(s));
        if let Some(figure) = first(error_ratio) {
            self.facts.error_ratio = Some(figure.value);
            self.note("error_ratio", &figure.quote);
            if let Some(baseline) = figure.baseline {
                self.facts.baseline_error_ratio = Some(baseline);
                self.note("baseline_error_ratio", &figure.quote);
            }
        }
        if let Some(figure) = first(latency_ratio) {
            self.facts.p95_ratio = Some(figure.value);
            self.note("p95_ratio", &figure.quote);
        }
        if let Some(figure) = first(slo_burnt) {
            self.facts.slo_burnt_ratio = Some(figure.value);
            self.note("slo_burnt_ratio", &figure.quote);
        } else if let Some(hit) = self.said(|m| m == Mark::SloFine).cloned() {
            self.facts.slo_burnt_ratio = Some(0.0);
            self.note("slo_burnt_ratio", &hit.quote);
        }
        if let Some(figure) = first(users_affected) {
            self.facts.users_affected_ratio = Some(figure.value);
            self.note("users_affected_ratio", &figure.quote);
        }
    }

    /// A count is better than a word, a word better than nothing.
    fn users(&mut self) {
        if self.facts.users_affected_ratio.is_some() {
            return;
        }
        let by_word = self.said(|m| matches!(m, Mark::Users(_))).cloned();
        let Some((Mark::Users(share), quote)) = by_word.map(|hit| (hit.mark, hit.quote)) else { return };
        // A measured error rate tells more than "some".
        if share > 0.0 && self.facts.error_ratio.is_some_and(|errors| errors > share) {
            return;
        }
        self.facts.users_affected_ratio = Some(share);
        self.note("users_affected_ratio", &format!("{quote} (an estimate)"));
    }

    /// Whether customers feel it.
    fn reach(&mut self) {
        let nobody = self.facts.users_affected_ratio == Some(0.0);
        let (facing, quote) = if nobody {
            (false, "no users are affected".to_owned())
        } else if let Some(hit) = self.said(|m| m == Mark::NotProduction) {
            (false, hit.quote.clone())
        } else if let Some(hit) = self.said(|m| m == Mark::Customers) {
            (true, hit.quote.clone())
        } else if let Some(hit) = self.said(|m| m == Mark::Internal) {
            (false, hit.quote.clone())
        } else {
            return;
        };
        self.facts.customer_facing = Some(facing);
        self.note("customer_facing", &quote);
    }

    /// Whether the text limits it to a part of the users, or of the requests.
    fn partial(&self) -> bool {
        self.facts.users_affected_ratio.is_some_and(|users| users < PART)
            || self.facts.error_ratio.is_some_and(|errors| errors <= PART)
            || self.has(Mark::Intermittent)
            || self.said(|m| matches!(m, Mark::Users(share) if share < PART)).is_some()
    }

    fn critical(&mut self) {
        let ours_alone = self.facts.customer_facing == Some(false);
        let wide = !ours_alone && !self.partial();
        for (mark, field, needs_width) in [
            (Mark::Outage, "complete_outage", true),
            (Mark::Revenue, "revenue_stopped", true),
            (Mark::DataLoss, "data_loss", false),
            (Mark::Breach, "breach", false),
            (Mark::Regulatory, "regulatory", false),
            (Mark::TimesOut, "fails_of_latency", false),
        ] {
            let Some((yes, quote)) = self.answer(mark) else { continue };
            if yes && needs_width && !wide {
                continue;
            }
            // What is lost on a test system is lost to nobody.
            if yes && mark == Mark::DataLoss && self.has(Mark::NotProduction) {
                continue;
            }
            let value = match mark {
                Mark::TimesOut => yes && !self.has(Mark::Usable),
                _ => yes,
            };
            let slot = match mark {
                Mark::Outage => &mut self.facts.complete_outage,
                Mark::Revenue => &mut self.facts.revenue_stopped,
                Mark::DataLoss => &mut self.facts.data_loss,
                Mark::Breach => &mut self.facts.breach,
                Mark::Regulatory => &mut self.facts.regulatory,
                _ => &mut self.facts.fails_of_latency,
            };
            *slot = Some(value);
            self.note(field, &quote);
        }
        let usable = self.said(|m| m == Mark::Usable).filter(|_| self.has(Mark::Slow)).cloned();
        if let Some(hit) = usable.filter(|_| self.facts.fails_of_latency.is_none()) {
            self.facts.fails_of_latency = Some(false);
            self.note("fails_of_latency", &hit.quote);
        }
    }

    fn feature(&mut self) {
        let down = |m| matches!(m, Mark::FeatureDown | Mark::Outage | Mark::Revenue);
        let Some(hit) = self.said(down).cloned() else { return };
        let hardly = self.facts.users_affected_ratio.is_some_and(|users| users < HARDLY_ANY);
        let mostly_works = self.facts.error_ratio.is_some_and(|errors| errors <= PART);
        if hardly || mostly_works || self.has(Mark::Intermittent) {
            return;
        }
        self.facts.feature_down = Some(true);
        self.note("feature_down", &hit.quote);
    }

    fn small(&mut self) {
        if let Some((yes, quote)) = self.answer(Mark::Workaround) {
            self.facts.workaround = Some(yes);
            self.note("workaround", &quote);
        }
        let works = |m| {
            !matches!(
                m,
                Mark::Outage
                    | Mark::Revenue
                    | Mark::DataLoss
                    | Mark::Breach
                    | Mark::Regulatory
                    | Mark::DataWrong
                    | Mark::FeatureDown
                    | Mark::Failing
                    | Mark::Slow
                    | Mark::TimesOut
            )
        };
        let wrong = self.said(|m| !works(m)).map(|hit| hit.quote.clone());
        let looks = self.said(|m| m == Mark::Cosmetic).map(|hit| hit.quote.clone());
        match (wrong, looks) {
            (None, Some(quote)) => {
                self.facts.functional_impact = Some(false);
                self.note("functional_impact", &quote);
            }
            (Some(quote), _) => {
                self.facts.functional_impact = Some(true);
                self.note("functional_impact", &quote);
            }
            (None, None) => {}
        }
    }

    /// Security before data before what is felt first.
    fn kind(&mut self) {
        let first = |mark| self.said(|m| m == mark).map(|hit| hit.at);
        let earliest = |marks: &[Mark]| marks.iter().filter_map(|m| first(*m)).min();
        let attack = earliest(&[Mark::Breach, Mark::Security]);
        let data = earliest(&[Mark::DataLoss, Mark::DataWrong, Mark::Regulatory]);
        let fails = earliest(&[Mark::Outage, Mark::Revenue, Mark::FeatureDown, Mark::Failing]);
        let slow = earliest(&[Mark::Slow]);
        let kind = if attack.is_some() {
            IncidentKind::Security
        } else if data.is_some() {
            IncidentKind::Data
        } else {
            match (fails, slow) {
                (Some(fails), Some(slow)) if slow < fails => IncidentKind::Performance,
                (Some(_), _) => IncidentKind::Availability,
                (None, Some(_)) => IncidentKind::Performance,
                (None, None) if self.facts.fails_of_latency == Some(true) => IncidentKind::Availability,
                (None, None) if self.facts.error_ratio.is_some() => IncidentKind::Availability,
                (None, None) if self.facts.p95_ratio.is_some() => IncidentKind::Performance,
                (None, None) if self.has(Mark::Cosmetic) => IncidentKind::Other,
                (None, None) => return,
            }
        };
        self.facts.kind = Some(kind);
        let at = attack.or(data).or(fails.min(slow)).or(fails).or(slow);
        let quote = at.and_then(|at| self.hits.iter().find(|hit| hit.at == at)).map(|hit| hit.quote.clone());
        self.note("kind", &quote.unwrap_or_else(|| "the figures given".to_owned()));
    }

    /// What all words together read like, by weights learned from public incidents: only ever more than the rest says.
    fn reads_major(&mut self, text: &str) {
        if self.facts.customer_facing == Some(false) || self.facts.functional_impact == Some(false) {
            return;
        }
        let Some(terms) = Model::shipped().reads_major(text) else { return };
        self.facts.reads_major = Some(true);
        self.facts
            .provenance
            .insert("reads_major".to_owned(), format!("the report's words: {}", terms.join(", ")));
    }

    /// A report of slowness or of a dead feature that does not limit it to some users means all.
    fn assume_all_users(&mut self) {
        let felt =
            self.facts.p95_ratio.is_some() || self.has(Mark::Slow) || self.facts.feature_down == Some(true);
        let limited = self.facts.users_affected_ratio.is_some()
            || self.facts.error_ratio.is_some()
            || self.partial()
            || self.facts.customer_facing == Some(false)
            || self.facts.workaround == Some(true);
        if felt && !limited {
            self.facts.users_affected_ratio = Some(1.0);
            self.facts.assumed.insert("users_affected_ratio".to_owned());
            self.facts.provenance.insert(
                "users_affected_ratio".to_owned(),
                "nothing in the report limits it to a part of the users".to_owned(),
            );
        }
    }
}

/// Sentences can be long; a provenance is a line.
fn note(provenance: &mut BTreeMap<String, String>, field: &str, words: &str) {
    let short: String = words.chars().take(120).collect();
    provenance.insert(field.to_owned(), format!("the report: \"{short}\""));
}
