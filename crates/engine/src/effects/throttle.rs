//! A storm of incidents must not become a storm of calls to one person. The first of them go out at once; those that come
//! while a contact has had its share wait in the outbox and are told together, as soon as it may be used again. Of one
//! incident a contact hears once in half a minute, whatever else there is to say of it. What is worse than all that was told
//! of late waits for nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::severity::Severity;
use firebell_oncall::model::ContactKind;
use jiff::{SignedDuration, Timestamp};

/// So many calls within [`WINDOW`] go out alone.
const BURST: usize = 3;
/// A telephone rings once within it.
const BURST_VOICE: usize = 1;
/// See [`BURST`].
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Of the same incident a contact hears again after so long.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);
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

/// A call that wants to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// Of its incident, at this moment.
    pub(super) severity: Severity,
    /// One line.
    pub(super) text: String,
    /// About which incident.
    pub(super) incident: IncidentId,
    /// Where people read about it.
    pub(super) link: String,
    /// When it was asked for.
    pub(super) asked_at: Timestamp,
}

/// Several calls that go out as one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    /// The text for all.
    pub(super) text: String,
    /// How many there are.
    pub(super) all: usize,
    /// Those that the text names, the gravest first: its link, code and button are those of the bundle.
    pub(super) named: Vec<(EffectKey, Call)>,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes out as it is.
    Alone,
    /// It goes out with what waits.
    Bundle(Bundle),
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
    calls: VecDeque<Rung>,
    waiting: BTreeMap<EffectKey, Call>,
    told: BTreeSet<EffectKey>,
    /// The call that is just going out, and those that go with it.
    under_way: Option<(EffectKey, Vec<EffectKey>)>,
}

/// A call that went out.
#[derive(Debug)]
struct Rung {
    at: Timestamp,
    key: EffectKey,
    /// The gravest that was told then.
    severity: Severity,
    /// Of which it told; of none if it did not arrive.
    incidents: BTreeSet<IncidentId>,
}

impl Use {
    /// Seconds until the contact may hear of the incident again.
    fn again_in(&self, incident: &IncidentId, now: Timestamp) -> Option<i64> {
        let last = self.calls.iter().rev().find(|rung| rung.incidents.contains(incident))?;
        let left = AGAIN.as_secs() - now.duration_since(last.at).as_secs();
        (left > 0).then_some(left)
    }

    fn rings(&mut self, key: &EffectKey, told: &[&Call], now: Timestamp) {
        let Some(severity) = told.iter().map(|c| c.severity).min() else { return };
        let incidents = told.iter().map(|c| c.incident.clone()).collect();
        self.calls.push_back(Rung { at: now, key: key.clone(), severity, incidents });
    }
}

impl Throttle {
    pub(super) fn ask(
        &self,
        line: &Line,
        kind: ContactKind,
        key: &EffectKey,
        call: &Call,
        now: Timestamp,
    ) -> Turn {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.all.entry(line.clone()).or_default();
        if line.told.remove(key) {
            return Turn::Told;
        }
        while line.calls.front().is_some_and(|rung| now.duration_since(rung.at) >= WINDOW) {
            line.calls.pop_front();
        }
        let burst = if kind == ContactKind::Voice { BURST_VOICE } else { BURST };
        line.waiting.insert(key.clone(), call.clone());
        // Another waits for the answer to a call that tells of this one as well.
        if line.under_way.as_ref().is_some_and(|(_, others)| others.contains(key)) {
            return Turn::Wait(SOON_S);
        }
        let worse = line.calls.iter().all(|rung| call.severity < rung.severity);
        let spent = line.calls.len() >= burst;
        let oldest = line.calls.front().filter(|_| spent);
        let free_in = oldest.map(|rung| WINDOW.as_secs() - now.duration_since(rung.at).as_secs());
        if let Some(left) = free_in.max(line.again_in(&call.incident, now)).filter(|_| !worse) {
            return Turn::Wait(u32::try_from(left.max(1)).unwrap_or(SOON_S));
        }
        // What is let past the others is told by itself.
        let alone = spent || line.under_way.is_some();
        let goes =
            |(k, c): &(&EffectKey, &Call)| *k == key || (!alone && line.again_in(&c.incident, now).is_none());
        let waiting = line.waiting.iter().filter(goes).map(|(k, c)| (k.clone(), c.clone()));
        let told: BTreeMap<EffectKey, Call> = waiting.collect();
        line.rings(key, &told.values().collect::<Vec<_>>(), now);
        if told.len() < 2 {
            return Turn::Alone;
        }
        line.under_way = Some((key.clone(), told.keys().filter(|k| *k != key).cloned().collect()));
        Turn::Bundle(bundle(&told))
    }

    /// A call that waited is not wanted any more.
    pub(super) fn dropped(&self, line: &Line, key: &EffectKey) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = lines.all.get_mut(line) {
            entry.waiting.remove(key);
        }
    }

    /// How a call went that was let through.
    pub(super) fn sent(&self, line: &Line, key: &EffectKey, arrived: bool, now: Timestamp) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = lines.all.get_mut(line) else { return };
        entry.waiting.remove(key);
        if !arrived {
            entry.calls.iter_mut().filter(|rung| rung.key == *key).for_each(|rung| rung.incidents.clear());
        }
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

/// All that waits, the gravest first.
fn bundle(waiting: &BTreeMap<EffectKey, Call>) -> Bundle {
    let mut all: Vec<(&EffectKey, &Call)> = waiting.iter().collect();
    all.sort_by_key(|(key, call)| (call.severity, &call.text, *key));
    let named: Vec<(EffectKey, Call)> =
        all.iter().take(NAMED).map(|(key, call)| ((*key).clone(), (*call).clone())).collect();
    let mut texts: Vec<&str> = named.iter().map(|(_, call)| call.text.as_str()).collect();
    // What is asked twice is said once.
    texts.dedup();
    if let ([only], true) = (texts.as_slice(), all.len() == named.len()) {
        return Bundle { text: (*only).to_owned(), all: all.len(), named };
    }
    let more = match all.len() - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Bundle { text: format!("{} calls: {}{more}", all.len(), texts.join("; ")), all: all.len(), named }
}

impl Lines {
    /// Forgets lines that have been quiet for long; not at each call, for there may be thousands.
    fn sweep(&mut self, now: Timestamp) {
        if self.swept.is_some_and(|at| now.duration_since(at) < WINDOW) {
            return;
        }
        self.swept = Some(now);
        self.all.retain(|_, l| {
            let recent = l.calls.back().is_some_and(|rung| now.duration_since(rung.at) < WINDOW);
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

    fn call(n: u32, severity: Severity) -> Call {
        Call {
            severity,
            text: format!("incident {n}"),
            incident: IncidentId::new(format!("INC-{n}")),
            link: String::new(),
            asked_at: at(0),
        }
    }

    fn line(contact: &str) -> Line {
        Line { person: "ana".to_owned(), contact: contact.to_owned() }
    }

    #[test]
    fn the_first_go_out_at_once_and_the_rest_together() {
        let throttle = Throttle::default();
        let line = line("sms");
        let ask =
            |n: u32, s: i64| throttle.ask(&line, ContactKind::Sms, &key(n), &call(n, Severity::Sev2), at(s));
        for n in 0..3 {
            assert_eq!(ask(n, 0), Turn::Alone, "{n}");
            throttle.sent(&line, &key(n), true, at(0));
        }
        for n in 3..103 {
            assert_eq!(ask(n, 10), Turn::Wait(50), "{n}");
        }
        let Turn::Bundle(bundle) = ask(3, 60) else { panic!("is let through") };
        assert_eq!(
            bundle.text,
            "100 calls: incident 10; incident 100; incident 101; incident 102; incident 11; and 95 more"
        );
        assert_eq!((bundle.all, bundle.named.len()), (100, 5));
        assert_eq!(ask(4, 60), Turn::Wait(1), "until it is known to have arrived");
        // It fails: nothing was told.
        throttle.sent(&line, &key(3), false, at(61));
        assert!(matches!(ask(4, 62), Turn::Bundle(_)));
        throttle.sent(&line, &key(4), true, at(62));
        assert!((5..103).all(|n| ask(n, 63) == Turn::Told));
        assert_eq!(ask(200, 64), Turn::Alone);
        let other = Line { person: "ben".to_owned(), ..line.clone() };
        let theirs = throttle.ask(&other, ContactKind::Sms, &key(300), &call(300, Severity::Sev2), at(64));
        assert_eq!(theirs, Turn::Alone, "is somebody else");
    }

    #[test]
    fn a_telephone_rings_once_a_minute() {
        let throttle = Throttle::default();
        let line = line("voice");
        let ask = |n: u32, s: i64| {
            throttle.ask(&line, ContactKind::Voice, &key(n), &call(n, Severity::Sev2), at(s))
        };
        assert_eq!((ask(1, 0), ask(2, 1)), (Turn::Alone, Turn::Wait(59)));
    }

    #[test]
    fn of_one_incident_a_contact_hears_again_after_half_a_minute_and_then_all_at_once() {
        let throttle = Throttle::default();
        let line = line("sms");
        let of = |text: &str, severity: Severity| Call { text: text.to_owned(), ..call(1, severity) };
        let ask = |n: u32, call: &Call, s: i64| throttle.ask(&line, ContactKind::Sms, &key(n), call, at(s));
        assert_eq!(ask(1, &of("it is yours", Severity::Sev2), 0), Turn::Alone);
        throttle.sent(&line, &key(1), true, at(0));
        assert_eq!(ask(2, &of("an update is late", Severity::Sev2), 3), Turn::Wait(27));
        assert_eq!(ask(3, &of("nobody leads", Severity::Sev2), 9), Turn::Wait(21));
        assert_eq!(ask(4, &of("not wanted soon", Severity::Sev2), 9), Turn::Wait(21));
        // Another incident does not wait, and brings nothing of the first with it.
        assert_eq!(ask(5, &call(2, Severity::Sev2), 10), Turn::Alone);
        throttle.sent(&line, &key(5), true, at(10));
        throttle.dropped(&line, &key(4));
        let Turn::Bundle(told) = ask(2, &of("an update is late", Severity::Sev2), 30) else {
            panic!("is let through")
        };
        assert_eq!(told.text, "2 calls: an update is late; nobody leads");
        // What did not arrive was not heard.
        throttle.sent(&line, &key(2), false, at(30));
        throttle.dropped(&line, &key(3));
        assert_eq!(ask(2, &of("it is grave", Severity::Sev1), 31), Turn::Alone);
        let same = BTreeMap::from([(key(1), call(1, Severity::Sev2)), (key(2), call(1, Severity::Sev2))]);
        assert_eq!((bundle(&same).text.as_str(), bundle(&same).all), ("incident 1", 2));
        throttle.sent(&line, &key(2), true, at(31));
        assert_eq!(ask(6, &of("graver is not", Severity::Sev1), 32), Turn::Wait(29), "it is no worse");
    }

    #[test]
    fn what_is_worse_than_all_that_was_told_waits_for_nothing_and_leads_what_is_told_together() {
        let throttle = Throttle::default();
        let line = line("voice");
        let ask = |n: u32, severity: Severity, s: i64| {
            throttle.ask(&line, ContactKind::Voice, &key(n), &call(n, severity), at(s))
        };
        assert_eq!(ask(1, Severity::Sev3, 0), Turn::Alone);
        throttle.sent(&line, &key(1), true, at(0));
        assert_eq!(ask(2, Severity::Sev3, 5), Turn::Wait(55), "the same is no worse");
        assert_eq!(ask(3, Severity::Sev1, 6), Turn::Alone, "it does not wait");
        throttle.sent(&line, &key(3), true, at(6));
        assert_eq!(ask(4, Severity::Sev1, 7), Turn::Wait(53), "a second of them is told with the others");
        assert!(matches!(ask(5, Severity::Sev2, 8), Turn::Wait(_)));
        let Turn::Bundle(bundle) = ask(2, Severity::Sev3, 70) else { panic!("is let through") };
        let named: Vec<&EffectKey> = bundle.named.iter().map(|(key, _)| key).collect();
        assert_eq!(named, [&key(4), &key(5), &key(2)], "the gravest first, whoever came first");
    }
}
