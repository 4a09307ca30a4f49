//! Facts from words: titles, reports and the texts of alerts. Words describe; they never choose a severity.

use firebell_core::incident::Incident;
use firebell_core::severity::{Facts, facts_from_text};

use crate::run::clip;

/// What the record says. The opening's words come first; of each report that joined only the kind and that customers
/// feel it are taken: one customer who cannot pay is not revenue stopped.
pub(crate) fn facts_of_record(incident: &Incident) -> Facts {
    let mut facts = facts_from_text(&incident.report);
    facts.absorb(&facts_from_text(&incident.title));
    let take_kind = |facts: &mut Facts, text: &str, from: String| {
        let said = facts_from_text(text).kind;
        if facts.kind.is_none() && said.is_some() {
            facts.kind = said;
            facts.provenance.insert("kind".to_owned(), from);
        }
    };
    for alert in incident.alerts.values() {
        let text = format!("{}. {}", alert.name, alert.summary);
        take_kind(&mut facts, &text, format!("alert {}", clip(&text, 120)));
    }
    for (title, text) in &incident.reports {
        take_kind(&mut facts, &format!("{title}. {text}"), format!("report {}", clip(title, 120)));
    }
    if facts.customer_facing.is_none() && !incident.reports.is_empty() {
        facts.customer_facing = Some(true);
        let text = format!("{} reports from outside", incident.reports.len());
        facts.provenance.insert("customer_facing".to_owned(), text);
    }
    facts
}
