//! A storm of incidents must not become a storm of calls to one person. The first of them go out at once; those that come
//! while a contact has had its share wait in the outbox and are told together, as soon as it may be used again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use firebell_core::ids::EffectKey;
use firebell_oncall::model::ContactKind;
use jiff::{SignedDuration, Timestamp};

/// So many calls within [`WINDOW`] go out alone.
const BURST: usize = 3;
/// A telephone rings once within it.
const BURST_VOICE: usize = 1;
/// See [`BURST`].
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// What is told together names so many; the rest is counted.
const NAMED: usize = 5;
/// Somebody else is just being told: asked again after so long.
const SOON_S: u32 = 1;
/// Effects remembered as told, for each line.
const REMEMBERED: usize = 4096;

/// One contact of one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) person: String,
    pub(super) contact: String,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes out as it is.
    Alone,
    /// It goes out with what waits; the text for all.
    Bundle(String),
    /// It went out with another.
    Told,
    /// Not yet; in seconds.
    Wait(u32),
}

/// Who was called when. Of this process only: after a restart what waits is told again.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    all: BTreeMap<Line, Use>,
    /// When lines that have been quiet for long were last forgotten.
    swept: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Use {
    calls: VecDeque<Timestamp>,
    waiting: BTreeMap<EffectKey, String>,
    told: BTreeSet<EffectKey>,
    /// The call that is just going out, and those that go with it.
    under_way: Option<(EffectKey, Vec<EffectKey>)>,
}

impl Throttle {
    pub(super) fn ask(
        &self,
        line: &Line,
        kind: ContactKind,
        key: &EffectKey,
        text: &str,
        now: Timestamp,
    ) -> Turn {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.all.entry(line.clone()).or_default();
        if line.told.remove(key) {
            return Turn::Told;
        }
        while line.calls.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            line.calls.pop_front();
        }
        let burst = if kind == ContactKind::Voice { BURST_VOICE } else { BURST };
        line.waiting.insert(key.clone(), text.to_owned());
        if let Some(oldest) = line.calls.front().filter(|_| line.calls.len() >= burst) {
            let left = WINDOW.as_secs() - now.duration_since(*oldest).as_secs();
            return Turn::Wait(u32::try_from(left.max(1)).unwrap_or(SOON_S));
        }
        // Another waits for the answer to a call that tells of this one as well.
        if line.under_way.as_ref().is_some_and(|(_, others)| others.contains(key)) {
            return Turn::Wait(SOON_S);
        }
        line.calls.push_back(now);
        let others: Vec<EffectKey> = match line.under_way {
            None => line.waiting.keys().filter(|k| *k != key).cloned().collect(),
            Some(_) => Vec::new(),
        };
        if others.is_empty() {
            return Turn::Alone;
        }
        // Texts begin with the severity: the worst are named.
        let mut texts: Vec<&str> = line.waiting.values().map(String::as_str).collect();
        texts.sort_unstable();
        let named: Vec<&str> = texts.into_iter().take(NAMED).collect();
        let more = (others.len() + 1).saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let text = format!("{} calls: {}{more}", others.len() + 1, named.join("; "));
        line.under_way = Some((key.clone(), others));
        Turn::Bundle(text)
    }

    /// How a call went that was let through.
    pub(super) fn sent(&self, line: &Line, key: &EffectKey, arrived: bool, now: Timestamp) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = lines.all.get_mut(line) else { return };
        entry.waiting.remove(key);
        if entry.under_way.as_ref().is_some_and(|(first, _)| first == key)
            && let Some((_, others)) = entry.under_way.take()
            && arrived
        {
            for other in others {
                entry.waiting.remove(&other);
                entry.told.insert(other);
            }
            while entry.told.len() > REMEMBERED {
                entry.told.pop_first();
            }
        }
        lines.sweep(now);
    }
}

impl Lines {
    /// Forgets lines that have been quiet for long; not at each call, for there may be thousands.
    fn sweep(&mut self, now: Timestamp) {
        if self.swept.is_some_and(|at| now.duration_since(at) < WINDOW) {
            return;
        }
        self.swept = Some(now);
        self.all.retain(|_, l| {
            let recent = l.calls.back().is_some_and(|at| now.duration_since(*at) < WINDOW);
            recent || !l.waiting.is_empty() || !l.told.is_empty() || l.under_way.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(s).expect("in range")
    }

    fn key(n: u32) -> EffectKey {
        EffectKey::from(format!("INC-{n}:1:0").as_str())
    }

    #[test]
    fn the_first_go_out_at_once_and_the_rest_together() {
        let throttle = Throttle::default();
        let line = Line { person: "ana".to_owned(), contact: "sms".to_owned() };
        let ask =
            |n: u32, s: i64| throttle.ask(&line, ContactKind::Sms, &key(n), &format!("incident {n}"), at(s));
        for n in 0..3 {
            assert_eq!(ask(n, 0), Turn::Alone, "{n}");
            throttle.sent(&line, &key(n), true, at(0));
        }
        for n in 3..103 {
            assert_eq!(ask(n, 10), Turn::Wait(50), "{n}");
        }
        let Turn::Bundle(text) = ask(3, 60) else { panic!("is let through") };
        assert_eq!(
            text,
            "100 calls: incident 10; incident 100; incident 101; incident 102; incident 11; and 95 more"
        );
        assert_eq!(ask(4, 60), Turn::Wait(1), "until it is known to have arrived");
        // It fails: nothing was told.
        throttle.sent(&line, &key(3), false, at(61));
        assert!(matches!(ask(4, 62), Turn::Bundle(_)));
        throttle.sent(&line, &key(4), true, at(62));
        assert!((5..103).all(|n| ask(n, 63) == Turn::Told));
        assert_eq!(ask(200, 64), Turn::Alone);
        let other = Line { person: "ben".to_owned(), ..line.clone() };
        assert_eq!(
            throttle.ask(&other, ContactKind::Sms, &key(300), "x", at(64)),
            Turn::Alone,
            "is somebody else"
        );
    }

    #[test]
    fn a_telephone_rings_once_a_minute() {
        let throttle = Throttle::default();
        let line = Line { person: "ana".to_owned(), contact: "voice".to_owned() };
        let ask = |n: u32, s: i64| throttle.ask(&line, ContactKind::Voice, &key(n), "x", at(s));
        assert_eq!((ask(1, 0), ask(2, 1)), (Turn::Alone, Turn::Wait(59)));
    }
}
