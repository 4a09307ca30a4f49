//! Alerts of one cause become one incident, not ten: by service, topology, shared labels and time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::alert::Alert;
use crate::ids::IncidentId;
use crate::policy::Policy;
use crate::signal::Report;
use crate::telemetry::Labels;

/// What placing needs to know of an open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenIncident {
    /// Id.
    pub id: IncidentId,
    /// Title.
    pub title: String,
    /// Services.
    pub services: BTreeSet<String>,
    /// Values of the shared labels seen on its alerts.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Last alert or report.
    pub last_signal_at: Timestamp,
    /// Only for its members.
    pub restricted: bool,
}

impl OpenIncident {
    /// Remembers the shared labels of an alert that joined.
    pub fn remember(&mut self, labels: &Labels, policy: &Policy) {
        for name in &policy.correlation.shared_labels {
            if let Some(value) = labels.get(name) {
                self.labels.entry(name.clone()).or_default().insert(value.clone());
            }
        }
    }
}

/// Where an alert or report goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// To an open incident.
    Attach {
        /// Which.
        incident: IncidentId,
        /// Why these belong together.
        why: String,
    },
    /// To a new incident.
    Open {
        /// Why none of the open ones.
        why: String,
    },
}

/// Places a firing alert: the best of the open incidents, the most recently opened where two are equal.
pub fn place_alert<'a>(
    alert: &Alert,
    open: impl IntoIterator<Item = &'a OpenIncident>,
    policy: &Policy,
    now: Timestamp,
) -> Placement {
    let window = SignedDuration::from_secs(policy.correlation.window_s);
    let best = open
        .into_iter()
        .filter(|i| now.duration_since(i.last_signal_at) <= window)
        .filter_map(|i| relation(alert, i, policy).map(|(score, why)| (score, i.opened_at, i, why)))
        .max_by(|a, b| (a.0, a.1, &b.2.id).cmp(&(b.0, b.1, &a.2.id)));
    match best {
        Some((_, _, incident, why)) => {
            let apart = now.duration_since(incident.last_signal_at).as_secs();
            Placement::Attach {
                incident: incident.id.clone(),
                why: format!("{why}, {apart} s after its last signal"),
            }
        }
        None => Placement::Open {
            why: format!(
                "alert {} fires and no open incident shares its service, its neighbours or its labels",
                alert.name()
            ),
        },
    }
}

fn relation(alert: &Alert, incident: &OpenIncident, policy: &Policy) -> Option<(u32, String)> {
    if let Some(service) = &alert.service {
        if incident.services.contains(service) {
            return Some((30, format!("same service {service}")));
        }
        let hops = policy.correlation.topology_hops;
        if let Some((neighbour, distance)) = nearest(service, &incident.services, hops, policy) {
            return Some((
                20 - distance as u32,
                format!("{service} and {neighbour} call each other within {distance} hops"),
            ));
        }
    }
    // A label that half of everything carries (one cluster) binds only together with another.
    let shared: Vec<&String> = policy
        .correlation
        .shared_labels
        .iter()
        .filter(|name| {
            alert
                .labels
                .get(*name)
                .is_some_and(|v| incident.labels.get(*name).is_some_and(|seen| seen.contains(v)))
        })
        .collect();
    let telling = shared.iter().any(|n| *n == "alertname") && alert.service.is_none();
    if telling || shared.len() >= 2 {
        let names: Vec<String> = shared.iter().map(|n| format!("{n}={}", alert.labels[*n])).collect();
        return Some((10 + shared.len() as u32, format!("shares {}", names.join(", "))));
    }
    None
}

/// The service of `among` that is nearest in the dependency graph, either direction of calls.
fn nearest<'a>(
    from: &str,
    among: &'a BTreeSet<String>,
    hops: usize,
    policy: &Policy,
) -> Option<(&'a str, usize)> {
    let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
    let mut front: Vec<&str> = vec![from];
    for distance in 1..=hops {
        let mut next = Vec::new();
        for service in &policy.services {
            for callee in &service.depends_on {
                let callee = policy.service(callee).map_or(callee.as_str(), |s| s.name.as_str());
                for (here, there) in [(service.name.as_str(), callee), (callee, service.name.as_str())] {
                    if front.contains(&here) && seen.insert(there) {
                        next.push(there);
                    }
                }
            }
        }
        if let Some(hit) = among.iter().find(|s| next.contains(&s.as_str())) {
            return Some((hit, distance));
        }
        front = next;
    }
    None
}

/// Places a person's or customer's report. `services` are those that it names.
pub fn place_report<'a>(
    report: &Report,
    services: &BTreeSet<String>,
    open: impl IntoIterator<Item = &'a OpenIncident>,
    policy: &Policy,
    now: Timestamp,
) -> Placement {
    let window = SignedDuration::from_secs(policy.correlation.window_s);
    let words = telling_words(&format!("{} {}", report.title, report.text));
    let mut best: Option<(u32, Timestamp, &'a OpenIncident, String)> = None;
    for incident in open.into_iter().filter(|i| now.duration_since(i.last_signal_at) <= window) {
        let shared: Vec<&String> = services.intersection(&incident.services).collect();
        let theirs = telling_words(&incident.title);
        let common: Vec<&String> = words.intersection(&theirs).collect();
        let relation = if !shared.is_empty() {
            Some((30, format!("names the service {}", shared[0])))
        } else if common.len() >= 2 {
            let list: Vec<&str> = common.iter().take(4).map(|w| w.as_str()).collect();
            Some((20, format!("shares the words {}", list.join(", "))))
        } else if services.is_empty() && !incident.restricted {
            Some((5, "names no other service while this incident is open".to_owned()))
        } else {
            None
        };
        if let Some((score, why)) = relation
            && best.as_ref().is_none_or(|(s, t, _, _)| (score, incident.opened_at) > (*s, *t))
        {
            best = Some((score, incident.opened_at, incident, why));
        }
    }
    match best {
        Some((_, _, incident, why)) => Placement::Attach { incident: incident.id.clone(), why },
        None => Placement::Open {
            why: format!(
                "reported by {}",
                if report.reporter.is_empty() { "somebody" } else { &report.reporter }
            ),
        },
    }
}

/// Words of four letters and more that are not in every report.
fn telling_words(text: &str) -> BTreeSet<String> {
    const COMMON: [&str; 20] = [
        "with",
        "that",
        "this",
        "from",
        "have",
        "when",
        "customer",
        "customers",
        "please",
        "error",
        "cannot",
        "help",
        "problem",
        "issue",
        "there",
        "after",
        "since",
        "your",
        "what",
        "they",
    ];
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().count() >= 4 && !COMMON.contains(w))
        .map(str::to_owned)
        .collect()
}
