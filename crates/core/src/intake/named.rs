//! What a report names: services of the catalogue, and things that certainly are none of ours.

use std::collections::BTreeSet;

use crate::policy::Policy;
use crate::signal::Report;

/// Things around desks and doors. Whoever writes of one means it, unless the catalogue has it.
const AROUND_US: [&str; 27] = [
    "printer",
    "printers",
    "photocopier",
    "badge reader",
    "badge readers",
    "card reader at the door",
    "turnstile",
    "lobby",
    "elevator",
    "elevators",
    "coffee machine",
    "vending machine",
    "projector",
    "meeting room",
    "conference room",
    "desk phone",
    "docking station",
    "canteen",
    "parking garage",
    "air conditioning",
    "fire alarm",
    "thermostat",
    "payroll",
    "timesheet",
    "timesheets",
    "intranet",
    "careers page",
];
/// Ways to reach us that people also name where something else is at fault ("I tried it over the VPN, too"): they are
/// meant only where something is said of them.
const ON_THE_WAY: [&str; 5] = ["wifi", "wi fi", "wlan", "vpn", "vpn client"];
/// Words with which something is said of what stands before them.
const SAYS: [&str; 18] = [
    "is",
    "isn",
    "was",
    "are",
    "has",
    "shows",
    "gives",
    "keeps",
    "fails",
    "drops",
    "does",
    "doesn",
    "cannot",
    "won",
    "hangs",
    "stopped",
    "disconnects",
    "login",
];
/// Words after which a way is only how one got here.
const BY: [&str; 12] =
    ["on", "over", "via", "from", "without", "by", "through", "using", "with", "behind", "when", "if"];

/// Services of the catalogue that a report names, by its field or by its words. `card-issuing` is named by "card
/// issuing" too.
pub fn named_services(report: &Report, policy: &Policy) -> BTreeSet<String> {
    let text = format!("{} {}", report.title, report.text).to_lowercase();
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    let plain = plain(&text);
    let is_named = |name: &String| {
        let name = name.to_lowercase();
        words.contains(name.as_str()) || {
            let phrase = self::plain(&name);
            phrase.trim().contains(' ') && plain.contains(&phrase)
        }
    };
    let named = policy.services.iter().filter(|s| is_named(&s.name) || s.aliases.iter().any(is_named));
    report.service.iter().cloned().chain(named.map(|s| s.name.clone())).collect()
}

/// What a report names that is none of ours: neither in the catalogue, nor what customers reach us by.
pub(super) fn names_elsewhere(text: &str, policy: &Policy) -> Option<&'static str> {
    let text = plain(&text.to_lowercase());
    let is_ours = |thing: &str| {
        let has = |name: &String| plain(&name.to_lowercase()).contains(&format!(" {thing} "));
        policy.services.iter().any(|s| has(&s.name) || s.aliases.iter().any(has))
    };
    let around = AROUND_US.into_iter().find(|thing| text.contains(&format!(" {thing} ")) && !is_ours(thing));
    around.or_else(|| ON_THE_WAY.into_iter().find(|way| is_meant(&text, way) && !is_ours(way)))
}

/// Whether something is said of a way, and it is not only how one got here.
fn is_meant(text: &str, way: &str) -> bool {
    let way = format!(" {way} ");
    text.match_indices(&way).any(|(at, _)| {
        let mut before = text[..at].split(' ').rev().filter(|w| !w.is_empty()).take(3);
        let next = text[at + way.len()..].split(' ').next().unwrap_or_default();
        SAYS.contains(&next) && !before.any(|w| BY.contains(&w))
    })
}

/// Letters and digits with one space around every word.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        out.push_str(word);
        out.push(' ');
    }
    out
}
