//! Accounts that somebody else uses: without failed attempts before, the password was known, the session was stolen or
//! a reset was answered.
//!
//! Looks at records that name account and client: what was done, and from which network, country and device. An
//! account's own past says where it is at home. *Strange* is who comes from a network that the account never had and,
//! where they are recorded, with a device or from a country that it never had; who only has a new telephone is at home
//! by the network, who is on a journey by the device. What strangers change tells the rest, by class: what one signs in
//! with, where one is reached, the second factor, where money goes. Taken over is
//! - each account of which a stranger changes two classes, where one of them is where one is reached or where money goes, if
//!   there are two such accounts, or one of which three classes or where money goes is changed;
//! - each account that one new client enters, as a stranger, and changes anything of, if it does so with three of them;
//! - each account of which a stranger changes anything, if there are five and five times as many as before.
//!
//! Assumes: records by time, of accounts that were seen before; clients that mostly fail are left to `security.rs`.
//! Cost: one pass over the lines of those patterns whose first line names account and client. Golden cases:
//! `tests/theft.rs`.
//!
//! Fails: who acts from the owner's own device or network; accounts never seen before; records without a client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use firebell_core::telemetry::LogLine;
use regex::Regex;

use super::records::{self, Reader, Slot};
use super::security::{MAX_NAMED, spans};
use crate::case::Case;
use crate::evidence::Cite;
use crate::logs::{template_of, whole};
use crate::signal::{Modality, Role, Signal};

/// Accounts that one new client enters and changes.
const BY_ONE: usize = 3;
/// Accounts that strangers change, and so many times as often as before.
const BY_MANY: (usize, f64) = (5, 5.0);

/// What is changed of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Password, key, token.
    Secret,
    /// Mail address, forwarding.
    Reached,
    /// Second factor, telephone.
    Factor,
    /// Where money or goods go.
    Money,
}

impl Class {
    fn told(self) -> &'static str {
        match self {
            Self::Secret => "credentials",
            Self::Reached => "e-mail",
            Self::Factor => "second factor",
            Self::Money => "payout details",
        }
    }

    /// Whoever has a new telephone changes the second factor and the password at most.
    fn locks_out(self) -> bool {
        matches!(self, Self::Reached | Self::Money)
    }
}

/// What is meant, and words of it.
const CLASSES: [(Class, &str); 4] = [
    (
        Class::Secret,
        r"passw(?:or)?d|credential|login_?profile|access_?key|api_?key|api_?token|recovery_?code",
    ),
    (Class::Reached, r"e-?mail|mail_?address|forwarding|recovery_?address|contact_?address"),
    (
        Class::Factor,
        r"mfa|2fa|two_?factor|second_?factor|totp|\botp|authenticator|security_?key|phone|recovery_?method",
    ),
    (
        Class::Money,
        r"payout|iban|bank_?(?:account|details)|payment_?(?:method|details)|beneficiary|shipping_?address",
    ),
];

static OF: LazyLock<Vec<(Class, Regex)>> = LazyLock::new(|| {
    CLASSES
        .iter()
        .filter_map(|(class, words)| Some((*class, Regex::new(&format!("(?i){words}")).ok()?)))
        .collect()
});
/// Words of changing something; `PUT` and the like of a path that names it.
static CHANGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)chang|updat|reset|remov|disabl|delet|deactivat|enroll|regist|creat|modif|replac|rotat|\bset|_set|\badd|_add|",
        r"\b(?:PUT|PATCH|POST|DELETE)\b",
    ))
    .ok()
});
/// What was only wanted, looked at or refused.
static NO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bGET\b|view|list|describ|verif(?:y|ied)|check|notif|sent|remind|expired").ok()
});

/// One deed of an account.
struct Deed {
    at: i64,
    account: String,
    client: String,
    network: String,
    device: Option<String>,
    country: Option<String>,
    classes: BTreeSet<Class>,
    failed: bool,
    line: usize,
}

/// Where an account is at home.
#[derive(Default)]
struct Home {
    networks: BTreeSet<String>,
    devices: BTreeSet<String>,
    countries: BTreeSet<String>,
}

impl Home {
    fn knows(&self, deed: &Deed) -> bool {
        let new = |known: &BTreeSet<String>, value: &Option<String>| {
            value.as_ref().filter(|_| !known.is_empty()).map(|v| !known.contains(v))
        };
        let by = [new(&self.devices, &deed.device), new(&self.countries, &deed.country)];
        // With a device and from a country that it had, it is its owner on a journey; where neither is recorded, the
        // network alone has to tell.
        let elsewhere = by.iter().flatten().next().is_none() || by.iter().flatten().any(|new| *new);
        self.networks.is_empty() || self.networks.contains(&deed.network) || !elsewhere
    }

    fn learn(&mut self, deed: &Deed) {
        self.networks.insert(deed.network.clone());
        self.devices.extend(deed.device.clone());
        self.countries.extend(deed.country.clone());
    }
}

/// What strangers did with one account.
#[derive(Default)]
struct Entered {
    classes: BTreeSet<Class>,
    clients: BTreeSet<String>,
    first: i64,
    /// A line of a change.
    line: Option<usize>,
}

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let mut by_owner: BTreeMap<String, Vec<Deed>> = BTreeMap::new();
    let mut reader = Reader::default();
    for i in records::worth_reading(case, &[Slot::Account], &[Slot::Client]) {
        let Some(line) = case.t.logs.get(i as usize) else { continue };
        if let Some(deed) = deed(&mut reader, line, i as usize) {
            by_owner.entry(case.owner(line)).or_default().push(deed);
        }
    }
    by_owner
        .into_iter()
        .filter_map(|(owner, mut deeds)| {
            deeds.sort_by_key(|d| d.at);
            judge(case, &owner, &deeds)
        })
        .collect()
}

fn deed(reader: &mut Reader, line: &LogLine, index: usize) -> Option<Deed> {
    let at = line.at?.as_millisecond();
    let record = reader.read(line);
    let client = record.get(Slot::Client)?.to_owned();
    let text = record.deed();
    let changes = CHANGES.as_ref().is_some_and(|r| r.is_match(&text))
        && !NO.as_ref().is_some_and(|r| r.is_match(&text));
    let failed = record.failed();
    let classes =
        OF.iter().filter(|(_, r)| changes && !failed && r.is_match(&text)).map(|(c, _)| *c).collect();
    Some(Deed {
        at,
        account: record.get(Slot::Account)?.to_owned(),
        network: network(&client),
        client,
        device: record.get(Slot::Device).map(str::to_owned),
        country: record.get(Slot::Place).map(str::to_owned),
        classes,
        failed,
        line: index,
    })
}

/// The first three parts of an address of version 4, the first three groups of one of version 6.
fn network(address: &str) -> String {
    let mark = if address.contains(':') && address.matches('.').count() < 3 { ':' } else { '.' };
    address.split(mark).take(3).collect::<Vec<_>>().join(&mark.to_string())
}

/// Clients that mostly fail.
fn failing(deeds: &[Deed]) -> BTreeSet<&str> {
    let mut by: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for d in deeds {
        let of = by.entry(&d.client).or_default();
        of.0 += 1;
        of.1 += usize::from(d.failed);
    }
    by.into_iter().filter(|(_, (all, bad))| bad * 2 > *all).map(|(client, _)| client).collect()
}

/// What strangers did, by account, before the onset and since.
fn entered(case: &Case<'_>, deeds: &[Deed]) -> [BTreeMap<String, Entered>; 2] {
    let mut homes: BTreeMap<&str, Home> = BTreeMap::new();
    let mut out = [BTreeMap::new(), BTreeMap::new()];
    let guessing = failing(deeds);
    for d in deeds.iter().filter(|d| !d.failed) {
        let home = homes.entry(&d.account).or_default();
        if home.knows(d) {
            home.learn(d);
            continue;
        }
        if guessing.contains(d.client.as_str()) {
            continue;
        }
        // Who was strange before the onset is at home from then on.
        let since = !case.frame.is_base(d.at);
        let of: &mut Entered = out[usize::from(since)].entry(d.account.clone()).or_default();
        if of.clients.is_empty() {
            of.first = d.at;
        }
        of.clients.insert(d.client.clone());
        of.classes.extend(&d.classes);
        if !d.classes.is_empty() {
            of.line.get_or_insert(d.line);
        }
        if !since {
            homes.entry(&d.account).or_default().learn(d);
        }
    }
    out
}

fn judge(case: &Case<'_>, owner: &str, deeds: &[Deed]) -> Option<Signal> {
    let [before, since] = entered(case, deeds);
    let whole_account = |e: &&Entered| e.classes.len() >= 2 && e.classes.iter().any(|c| c.locks_out());
    let changed: BTreeMap<&String, &Entered> = since.iter().filter(|(_, e)| !e.classes.is_empty()).collect();
    let changed_before = before.values().filter(|e| !e.classes.is_empty()).count();
    let (calm_s, ill_s) = spans(case);
    let growth = (changed.len() as f64 / ill_s) / ((changed_before as f64).max(1.0) / calm_s);
    // What happens all the time is how people live here.
    let usual = before.values().filter(whole_account).count() as f64 / calm_s;
    let mut taken: BTreeMap<&String, &Entered> =
        changed.iter().filter(|(_, e)| whole_account(e)).map(|(a, e)| (*a, *e)).collect();
    // One person with a new computer in a new home does so once.
    let clear =
        taken.len() >= 2 || taken.values().any(|e| e.classes.len() >= 3 || e.classes.contains(&Class::Money));
    if !clear || (taken.len() as f64 / ill_s) < BY_MANY.1 * usual {
        taken.clear();
    }
    let known: BTreeSet<&str> =
        deeds.iter().filter(|d| case.frame.is_base(d.at)).map(|d| d.client.as_str()).collect();
    let mut by_client: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (account, e) in &changed {
        for client in e.clients.iter().filter(|c| !known.contains(c.as_str())) {
            by_client.entry(client).or_default().push(account);
        }
    }
    let busiest = by_client.values().map(|accounts| accounts.len()).max().unwrap_or(0);
    for accounts in by_client.values().filter(|a| a.len() >= BY_ONE) {
        taken.extend(accounts.iter().filter_map(|a| since.get_key_value(*a)));
    }
    if changed.len() >= BY_MANY.0 && growth >= BY_MANY.1 {
        taken.extend(&changed);
    }
    let first = taken.values().min_by_key(|e| e.first)?;
    let line = case.t.logs.get(taken.values().find_map(|e| e.line)?)?;
    let classes: BTreeSet<Class> = taken.values().flat_map(|e| e.classes.iter().copied()).collect();
    let clients: BTreeSet<&String> = taken.values().flat_map(|e| &e.clients).collect();
    let names: Vec<&str> = taken.keys().take(MAX_NAMED).map(|a| a.as_str()).collect();
    let reading = format!(
        "{} changed at {owner} from {} addresses that these accounts never used, with no failed attempts before{}; \
         compromised accounts ({}): {}",
        classes.iter().map(|c| c.told()).collect::<Vec<_>>().join(", "),
        clients.len(),
        if busiest >= BY_ONE { format!(", {busiest} of them from one") } else { String::new() },
        taken.len(),
        names.join(", "),
    );
    let many = (taken.len() as f64).ln() * 0.06 + if busiest >= BY_ONE { 0.06 } else { 0.0 };
    let template = template_of(&whole(line));
    Some(Signal {
        component: owner.to_owned(),
        cause: "security.account_takeover",
        modality: Modality::Security,
        role: Role::Mechanism,
        weight: (0.66 + 0.03 * classes.len() as f64 + many).min(0.95),
        onset: Some(first.first),
        indicator: Some(template.clone()),
        change: None,
        cite: Cite::line(line, &template),
        reading,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_network() {
        assert_eq!(network("203.0.113.7"), network("203.0.113.250"));
        assert_ne!(network("203.0.113.7"), network("203.0.114.7"));
        assert_eq!(network("2001:db8:1:2::7"), network("2001:db8:1:9::1"));
    }

    #[test]
    fn deeds_are_told_apart_by_their_words() {
        let of = |text: &str| {
            let line = LogLine {
                source: "a".into(),
                line: 1,
                component: None,
                at: jiff::Timestamp::from_second(1).ok(),
                level: None,
                text: format!("{text} user=ann ip=203.0.113.7"),
                fields: Default::default(),
                trace_id: None,
            };
            deed(&mut Reader::default(), &line, 0).expect("a deed").classes.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(of("action=password_reset_completed"), [Class::Secret]);
        assert_eq!(of("eventName=DeactivateMFADevice"), [Class::Factor]);
        assert_eq!(of("eventName=UpdateLoginProfile"), [Class::Secret]);
        assert_eq!(of("PUT /account/email 200"), [Class::Reached]);
        assert_eq!(of("payout details updated"), [Class::Money]);
        for none in ["GET /account/email 200", "action=login", "email verified", "password reset mail sent"] {
            assert_eq!(of(none), [], "{none}");
        }
    }
}
