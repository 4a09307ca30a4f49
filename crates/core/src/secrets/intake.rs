//! Masks what senders post, before it is stored: alerts, changes, reports; and labels, of metrics too. What makes a thing
//! the same as an earlier one stays so: fingerprints were made of what was sent, and keys that hold a secret are told apart by
//! a mark of it. Names of components stay, addresses of their machines included.

use std::borrow::Cow;

use super::SECRET;
use super::mask::{Look, Mask, secret_name};
use crate::change::{Change, ChangeKind};
use crate::signal::{Intake, Report, Signal};
use crate::telemetry::Labels;

/// Labels that name a thing: the last word of their names.
const NAMES: [&str; 30] = [
    "service",
    "app",
    "application",
    "job",
    "instance",
    "pod",
    "node",
    "nodename",
    "host",
    "hostname",
    "container",
    "namespace",
    "cluster",
    "deployment",
    "statefulset",
    "daemonset",
    "replicaset",
    "cronjob",
    "component",
    "device",
    "database",
    "db",
    "queue",
    "topic",
    "region",
    "zone",
    "image",
    "ip",
    "addr",
    "address",
];
/// Labels that name who looks after a thing.
const CONTACTS: [&str; 6] = ["owner", "team", "contact", "maintainer", "oncall", "assignee"];
/// Ends of names under which something about a secret stands, and not the secret: `secret_name`, `token_type`.
const ABOUT: [&str; 10] =
    ["name", "type", "kind", "status", "state", "policy", "ttl", "expiry", "count", "reason"];

impl Mask {
    /// An item of a request, before it is stored.
    pub fn intake(&self, item: &mut Intake) {
        match item {
            Intake::Signal(signal) => self.signal(signal),
            Intake::Change(change) => self.change(change),
            Intake::Report(report) => self.report(report),
        }
    }

    /// A signal. Its fingerprint stays as it was made of what was sent.
    pub fn signal(&self, signal: &mut Signal) {
        self.labels(&mut signal.labels);
        self.labels(&mut signal.annotations);
        signal.generator_url.iter_mut().for_each(|u| self.set(u));
        signal.dedup_key.iter_mut().for_each(|k| self.key(k));
        signal.group_key.iter_mut().for_each(|k| self.key(k));
    }

    /// A person's report.
    pub fn report(&self, report: &mut Report) {
        self.set(&mut report.title);
        self.set(&mut report.text);
        self.who(&mut report.reporter);
        report.service.iter_mut().for_each(|s| self.name(s));
        report.dedup_key.iter_mut().for_each(|k| self.key(k));
    }

    /// An entry of the change ledger: who, what, and its diff.
    pub fn change(&self, change: &mut Change) {
        // What a setting was and is: where its name says that it is secret, and is no figure.
        // What stands for a secret that is gone is no name of one.
        let named = secret_name(&change.summary.replace(SECRET, ""));
        let secret = named && matches!(change.kind, ChangeKind::Config | ChangeKind::Flag);
        for value in [&mut change.from, &mut change.to].into_iter().flatten() {
            if secret && !is_setting(value) {
                *value = SECRET.to_owned();
            } else {
                self.set(value);
            }
        }
        self.key(&mut change.id);
        self.name(&mut change.component);
        for name in [&mut change.source, &mut change.commit].into_iter().flatten() {
            self.name(name);
        }
        change.by.iter_mut().for_each(|b| self.who(b));
        self.set(&mut change.summary);
        change.files.iter_mut().for_each(|f| self.name(f));
        if let Some(diff) = &mut change.diff
            && let Some(masked) = super::diff::masked(self, diff)
        {
            *diff = masked;
        }
    }

    /// Labels of an alert or of a series: their values, by names and by shapes. What differed differs still where the mask has a
    /// key.
    pub fn labels(&self, labels: &mut Labels) {
        for (name, value) in labels {
            if let Cow::Owned(masked) = self.label(name, value) {
                *value = masked;
            }
        }
    }

    /// The value of a label.
    pub fn label<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        let last = name.rsplit(['_', '.', '-']).next().unwrap_or(name).to_ascii_lowercase();
        // `secret` is what Kubernetes calls its objects, too.
        let of_a_thing = NAMES.contains(&last.as_str()) || (last == "secret" && is_object(value));
        // Whom to ask.
        if CONTACTS.contains(&last.as_str()) && is_address(value) {
            return Cow::Borrowed(value);
        }
        let masked = if of_a_thing {
            self.seen_as(value, Look::Name)
        } else if ABOUT.contains(&last.as_str()) {
            self.text(value)
        } else {
            self.value(name, value)
        };
        if masked == value {
            Cow::Borrowed(value)
        } else {
            Cow::Owned(self.apart(value, masked.into_owned()))
        }
    }

    fn name(&self, name: &mut String) {
        if let Cow::Owned(masked) = self.seen_as(name, Look::Name) {
            *name = masked;
        }
    }

    /// Who did or said it. Whoever investigates has to ask them: an address that stands alone stays.
    fn who(&self, who: &mut String) {
        if !is_address(who) {
            self.set(who);
        }
    }

    fn key(&self, key: &mut String) {
        if let Cow::Owned(masked) = self.seen_as(key, Look::Key) {
            *key = self.apart(key, masked);
        }
    }
}

/// Nothing but a mail address.
fn is_address(value: &str) -> bool {
    let of = |c: char| c.is_ascii_alphanumeric() || "@._%+-".contains(c);
    value.matches('@').count() == 1 && value.chars().all(of)
}

/// The name of an object of Kubernetes (RFC 1123) that is a name and no key: a word is in it, and it is not long.
fn is_object(value: &str) -> bool {
    let of = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    value.len() <= 63 && value.bytes().all(of) && value.contains('-') && digits * 3 <= value.len()
}

/// A figure with a unit, a version, a switch.
fn is_setting(value: &str) -> bool {
    let figures = value.strip_prefix('v').unwrap_or(value);
    let rest = figures.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let figure = rest.len() < figures.len() && rest.trim().len() <= 3 && value.len() <= 12;
    let switch = ["", "true", "false", "on", "off", "yes", "no", "null", "none", "enabled", "disabled"];
    figure || switch.contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests;
