//! Counters. Plain atomics: a request touches two or three of them.

use std::sync::atomic::{AtomicU64, Ordering};

use firebell_engine::pulse::{Histogram, SHORT};

use super::latency::Group;

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// One item of a request was bad.
    Item,
    /// Nothing in the body could be used.
    Unreadable,
    /// Beyond the cap.
    TooLarge,
    /// An encoding that is not read, or a broken one.
    Encoding,
    /// Right key, switched off.
    Disabled,
    /// The engine was busy or the store failed; the sender was told to repeat.
    Unavailable,
}

impl Reason {
    pub(crate) const ALL: [Self; 6] =
        [Self::Item, Self::Unreadable, Self::TooLarge, Self::Encoding, Self::Disabled, Self::Unavailable];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::Encoding => "encoding",
            Self::Disabled => "disabled",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Where somebody without a valid key or token was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// A sender.
    Source,
    /// The API.
    Token,
    /// The sign-in form.
    Login,
    /// The link of a page.
    Ack,
    /// What a channel's provider posts.
    Hook,
}

impl Door {
    pub(crate) const ALL: [Self; 5] = [Self::Source, Self::Token, Self::Login, Self::Ack, Self::Hook];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Token => "token",
            Self::Login => "login",
            Self::Ack => "ack",
            Self::Hook => "hook",
        }
    }
}

/// Who was told to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    /// A person who asks too much.
    Person,
    /// An address that shows no valid token.
    Address,
}

impl Limited {
    pub(crate) const ALL: [Self; 2] = [Self::Person, Self::Address];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Address => "address",
        }
    }
}

/// Counts of one sender.
#[derive(Debug, Default)]
pub(crate) struct SourceCounts {
    requests: AtomicU64,
    accepted: AtomicU64,
    rejected: [AtomicU64; Reason::ALL.len()],
    skewed: AtomicU64,
}

impl SourceCounts {
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn accept(&self, items: usize) {
        self.accepted.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(crate) fn reject(&self, reason: Reason, items: usize) {
        self.rejected[reason as usize].fetch_add(items as u64, Ordering::Relaxed);
    }

    /// Alerts that were taken and whose start was not believed.
    pub(crate) fn skew(&self, items: usize) {
        self.skewed.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(crate) fn skewed(&self) -> u64 {
        self.skewed.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn rejected(&self, reason: Reason) -> u64 {
        self.rejected[reason as usize].load(Ordering::Relaxed)
    }
}

/// Counts of the whole server.
#[derive(Debug)]
pub(crate) struct Metrics {
    turned_away: [AtomicU64; Door::ALL.len()],
    limited: [AtomicU64; Limited::ALL.len()],
    followers: AtomicU64,
    latencies: [Histogram; Group::ALL.len()],
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            turned_away: Default::default(),
            limited: Default::default(),
            followers: AtomicU64::new(0),
            latencies: std::array::from_fn(|_| Histogram::new(&SHORT)),
        }
    }
}

impl Metrics {
    pub(crate) fn turned_away(&self, door: Door) {
        self.turned_away[door as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn turned_away_at(&self, door: Door) -> u64 {
        self.turned_away[door as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn limited(&self, who: Limited) {
        self.limited[who as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn limited_as(&self, who: Limited) -> u64 {
        self.limited[who as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn follower_came(&self) {
        self.followers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn follower_left(&self) {
        self.followers.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn followers(&self) -> u64 {
        self.followers.load(Ordering::Relaxed)
    }

    pub(crate) fn latency(&self, group: Group) -> &Histogram {
        &self.latencies[group as usize]
    }
}
