//! Alerts of one cause become one incident, not ten: by service, topology, shared labels and time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::named::names_elsewhere;
use crate::alert::Alert;
use crate::ids::IncidentId;
use crate::incident::{Incident, Phase};
use crate::policy::Policy;
use crate::severity::{IncidentKind, Severity, facts_from_text};
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
    /// Values of the shared and binding labels seen on its alerts.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Groups of senders that its alerts are in.
    pub groups: BTreeSet<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Last alert or report.
    pub last_signal_at: Timestamp,
    /// Only for its members.
    pub restricted: bool,
    /// Many customers feel it, or felt it, as errors or slowness.
    pub felt: bool,
    /// Since when it is mended.
    pub mended_at: Option<Timestamp>,
}

impl OpenIncident {
    /// What placing needs to know of it, but for its alerts' labels.
    pub fn of(incident: &Incident) -> Self {
        Self {
            id: incident.id.clone(),
            title: incident.title.clone(),
            services: incident.services.clone(),
            labels: BTreeMap::new(),
            groups: BTreeSet::new(),
            opened_at: incident.opened_at,
            last_signal_at: incident.last_signal_at,
            restricted: incident.restricted,
            felt: is_felt(incident),
            mended_at: incident.mitigated_at,
        }
    }

    /// Takes over what may change while it is open.
    pub fn follow(&mut self, incident: &Incident) {
        self.services.clone_from(&incident.services);
        self.restricted = incident.restricted;
        self.felt = is_felt(incident);
        self.mended_at = incident.mitigated_at;
    }

    /// Remembers what an alert that joined has in common with others to come.
    pub fn remember(&mut self, labels: &Labels, group_key: Option<&str>, policy: &Policy) {
        let rules = &policy.correlation;
        for name in rules.shared_labels.iter().chain(&rules.binding_labels) {
            let Some(value) = labels.get(name) else { continue };
            match self.labels.get_mut(name) {
                Some(seen) if seen.contains(value) => {}
                Some(seen) => {
                    seen.insert(value.clone());
                }
                None => {
                    self.labels.insert(name.clone(), BTreeSet::from([value.clone()]));
                }
            }
        }
        if let Some(key) = group_key
            && !self.groups.contains(key)
        {
            self.groups.insert(key.to_owned());
        }
    }

    /// Whether one of its alerts has this label with this value.
    fn has(&self, name: &str, value: &str) -> bool {
        self.labels.get(name).is_some_and(|seen| seen.contains(value))
    }
}

fn is_felt(incident: &Incident) -> bool {
    let measured = incident.customer_facing
        && incident.severity.severity <= Severity::Sev2
        && is_trouble(Some(incident.kind));
    // The first complaints come with the first alert, before anybody has measured what customers feel of it.
    let unmeasured = incident.phase == Phase::Assess && incident.kind != IncidentKind::Security;
    (measured || unmeasured) && !incident.restricted && !incident.drill
}

/// What customers notice whichever service it comes from.
fn is_trouble(kind: Option<IncidentKind>) -> bool {
    matches!(kind, Some(IncidentKind::Availability | IncidentKind::Performance))
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
    let mut ties = None;
    let best = open
        .into_iter()
        .filter(|i| now.duration_since(i.last_signal_at) <= window)
        .filter_map(|i| {
            ties.get_or_insert_with(|| Ties::of(alert, policy))
                .to(i)
                .map(|(score, why)| (score, i.opened_at, i, why))
        })
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
                "alert {} fires and no open incident shares its service, its neighbours, its machine or its labels",
                alert.name()
            ),
        },
    }
}

/// Exporters that speak for many others: their `instance` and `pod` are their own, not those of what fails.
const SPOKESMEN: [&str; 4] = ["kube-state-metrics", "pushgateway", "blackbox", "federat"];

/// What an alert could have in common with an incident; looked up once, compared with each.
pub(super) struct Ties<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) group: Option<&'a str>,
    cluster: Option<&'a str>,
    pub(super) machine: Vec<(&'a str, &'a str)>,
    pub(super) shared: Vec<(&'a str, &'a str)>,
    /// Services around its own, nearest first.
    pub(super) near: Vec<(&'a str, usize)>,
}

impl<'a> Ties<'a> {
    pub(super) fn of(alert: &'a Alert, policy: &'a Policy) -> Self {
        let rules = &policy.correlation;
        let label = |name: &'a String| {
            Some((name.as_str(), alert.labels.get(name)?.as_str())).filter(|(_, value)| !value.is_empty())
        };
        let relayed = alert.labels.get("job").is_some_and(|job| SPOKESMEN.iter().any(|s| job.contains(s)));
        let own = |name: &&String| !relayed || !matches!(name.as_str(), "instance" | "pod");
        let service = alert.service.as_deref();
        Self {
            service,
            group: alert.group_key.as_deref(),
            cluster: alert.labels.get("cluster").map(String::as_str),
            machine: rules.binding_labels.iter().filter(own).filter_map(label).collect(),
            shared: rules.shared_labels.iter().filter_map(label).collect(),
            near: service.map_or_else(Vec::new, |s| neighbours(s, rules.topology_hops, policy)),
        }
    }

    /// Why the alert belongs to the incident, and how strongly: the same service, the sender's group, the same
    /// machine, services that call each other, several labels in common.
    fn to(&self, incident: &OpenIncident) -> Option<(u32, String)> {
        if let Some(service) = self.service.filter(|s| incident.services.contains(*s)) {
            return Some((30, format!("same service {service}")));
        }
        if self.group.is_some_and(|key| incident.groups.contains(key)) {
            return Some((26, "its sender put it in the same group".to_owned()));
        }
        // One address may be two machines in two clusters.
        let elsewhere = self
            .cluster
            .is_some_and(|mine| incident.labels.get("cluster").is_some_and(|theirs| !theirs.contains(mine)));
        if let Some((name, value)) = self.machine.iter().find(|(n, v)| !elsewhere && incident.has(n, v)) {
            return Some((24, format!("same {name} {value}")));
        }
        if let Some(service) = self.service
            && let Some((neighbour, distance)) =
                self.near.iter().find(|(s, _)| incident.services.contains(*s))
        {
            return Some((
                20 - (*distance).min(9) as u32,
                format!("{service} and {neighbour} call each other within {distance} hops"),
            ));
        }
        // A label that half of everything carries (one cluster) binds only together with another, and where they only
        // say where it runs, only what has no service of its own.
        let shared: Vec<_> = self.shared.iter().filter(|(n, v)| incident.has(n, v)).collect();
        let same_name = shared.iter().any(|(n, _)| *n == "alertname");
        let nameless = self.service.is_none() && incident.services.is_empty();
        if (same_name && self.service.is_none()) || (shared.len() >= 2 && (same_name || nameless)) {
            let names: Vec<String> = shared.iter().map(|(n, v)| format!("{n}={v}")).collect();
            return Some((10 + shared.len() as u32, format!("shares {}", names.join(", "))));
        }
        None
    }
}

/// The services around one in the dependency graph, either direction of calls, with their distance.
fn neighbours<'a>(from: &'a str, hops: usize, policy: &'a Policy) -> Vec<(&'a str, usize)> {
    let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
    let mut out = Vec::new();
    let mut front: Vec<&str> = vec![from];
    for distance in 1..=hops {
        let mut next = BTreeSet::new();
        for service in &policy.services {
            for callee in &service.depends_on {
                let callee = policy.service(callee).map_or(callee.as_str(), |s| s.name.as_str());
                for (here, there) in [(service.name.as_str(), callee), (callee, service.name.as_str())] {
                    if front.contains(&here) && seen.insert(there) {
                        next.insert(there);
                    }
                }
            }
        }
        out.extend(next.iter().map(|name| (*name, distance)));
        front = next.into_iter().collect();
    }
    out
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
    // Customers tell of it when they find the time.
    let late = SignedDuration::from_secs(policy.correlation.late_s);
    let text = format!("{} {}", report.title, report.text);
    let words = telling_words(&text);
    let facts = facts_from_text(&text);
    let trouble = services.is_empty()
        && is_trouble(facts.kind)
        && facts.customer_facing != Some(false)
        && names_elsewhere(&text, policy).is_none();
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
        } else if let Some(named) = incident.services.iter().find(|s| words.contains(&s.to_lowercase())) {
            Some((30, format!("names the service {named}")))
        } else if trouble
            && incident.felt
            && incident.mended_at.is_none_or(|at| now.duration_since(at) <= late)
        {
            // Customers do not know where it comes from; while many feel this, it is the likeliest.
            Some((8, "tells of errors or slowness, which many have by this incident".to_owned()))
        } else if services.is_empty() && words.is_empty() && !incident.restricted {
            Some((5, "says nothing that tells it from this incident".to_owned()))
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
