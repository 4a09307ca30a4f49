//! People: how each is reached, and in what order.

use serde::{Deserialize, Serialize};

use super::defaults::{is_yes, is_zero, yes};
use crate::time::{Window, Zone};

/// Somebody who can be paged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name, as schedules and policies write it; the name of the account, so that both are one person.
    pub name: String,
    /// The name that is shown; `name` where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub full_name: String,
    /// The zone that quiet hours and the calendar feed are in.
    #[serde(default)]
    pub time_zone: Zone,
    /// What they know: `database`, `network`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// Where they can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// In what order, by urgency.
    #[serde(default)]
    pub notify: NotifyRules,
    /// While one of these is open, pages of low urgency wait for its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet_hours: Vec<Window>,
}

/// One way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name among the person's contacts, as rules write it; the name of the kind where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// By what.
    pub kind: ContactKind,
    /// Where: an e-mail address, a number with its country code, a user's id, a topic, an address of a webhook.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Whether it is used; one that bounced is kept and switched off.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
}

impl Contact {
    /// Its name among the person's contacts.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { self.kind.as_str() } else { &self.name }
    }

    /// Why nothing can arrive there, if so.
    pub fn problem(&self) -> Option<String> {
        if !self.enabled {
            return Some("it is switched off".to_owned());
        }
        self.kind.problem(&self.address)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// By what a person is reached. A new kind is one line here, and a rule for its addresses in
        /// [`ContactKind::problem`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ContactKind { $($(#[$doc])* $kind),* }

        impl ContactKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// As in files and documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }
        }
    };
}

kinds! {
    /// Notification of the browser or phone; it goes to the devices that the person's account registered.
    Push = "push",
    /// Text message.
    Sms = "sms",
    /// Telephone call.
    Voice = "voice",
    /// Mail.
    Email = "email",
    /// A topic of ntfy.
    Ntfy = "ntfy",
    /// A user key of Pushover.
    Pushover = "pushover",
    /// A chat of Telegram.
    Telegram = "telegram",
    /// A user of Slack.
    Slack = "slack",
    /// A user of Microsoft Teams.
    Teams = "teams",
    /// A user of Mattermost.
    Mattermost = "mattermost",
    /// A user of Matrix.
    Matrix = "matrix",
    /// A user of Discord.
    Discord = "discord",
    /// An address that a signed request is posted to.
    Webhook = "webhook",
}

impl ContactKind {
    /// Why nothing can arrive at an address, if so.
    fn problem(self, address: &str) -> Option<String> {
        let must = |ok: bool, what: &str| (!ok).then(|| format!("`{address}` is no {what}"));
        match self {
            Self::Push => None,
            Self::Sms | Self::Voice => must(
                address.strip_prefix('+').is_some_and(|digits| {
                    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
                }),
                "number with its country code, as in +4930123456",
            ),
            Self::Email => must(
                address.split_once('@').is_some_and(|(who, host)| {
                    !who.is_empty()
                        && host.len() > 2
                        && !host.contains('@')
                        && !address.contains(char::is_whitespace)
                }),
                "mail address",
            ),
            Self::Matrix => must(
                address.starts_with('@') && address.contains(':'),
                "user of Matrix, as in @ana:example.org",
            ),
            Self::Webhook => must(
                address
                    .strip_prefix("https://")
                    .or(address.strip_prefix("http://"))
                    .is_some_and(|r| !r.is_empty()),
                "address that begins with https://",
            ),
            Self::Ntfy
            | Self::Pushover
            | Self::Telegram
            | Self::Slack
            | Self::Teams
            | Self::Mattermost
            | Self::Discord => must(
                !address.is_empty() && !address.contains(char::is_whitespace),
                "address: it is empty or has spaces in it",
            ),
        }
    }
}

/// How soon somebody must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// May wait for the end of quiet hours.
    Low,
    /// Now.
    #[default]
    High,
}

/// A person's rules, by urgency. Where a list is empty every contact that works is tried at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyRules {
    /// For pages that cannot wait.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Notify>,
    /// For those that can; those of `high` where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<Notify>,
}

/// One rule: "after two minutes, SMS".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Name of the contact.
    pub contact: String,
    /// So long after the page began, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_s: i64,
}

impl Person {
    /// The name that is shown.
    pub fn shown(&self) -> &str {
        if self.full_name.is_empty() { &self.name } else { &self.full_name }
    }

    /// The contact of that name.
    pub fn contact(&self, name: &str) -> Option<&Contact> {
        self.contacts.iter().find(|c| c.name() == name)
    }

    /// Which contacts to try, each so many seconds after a page began; those that cannot work are left out. Earliest
    /// first. Where no rule is left, every contact that works is tried at once: a page is never lost to a bad rule.
    pub fn attempts(&self, urgency: Urgency) -> Vec<(&Contact, i64)> {
        let rules = match urgency {
            Urgency::Low if !self.notify.low.is_empty() => &self.notify.low,
            _ => &self.notify.high,
        };
        let works = |c: &&Contact| c.problem().is_none();
        let mut all: Vec<(&Contact, i64)> = rules
            .iter()
            .filter_map(|rule| Some((self.contact(&rule.contact).filter(works)?, rule.after_s.max(0))))
            .collect();
        if all.is_empty() {
            all = self.contacts.iter().filter(works).map(|c| (c, 0)).collect();
        }
        all.sort_by_key(|(_, after)| *after);
        all
    }
}
