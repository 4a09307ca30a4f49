//! The first error in time rather than the loudest: whose new errors began before those of the others.
//!
//! Where nothing but logs speaks, and no trace says which error led to which, a component that began to log new errors
//! clearly before a louder one is likelier to have begun the harm. This holds where clocks cannot have turned the order
//! round, where the later one does not say what ails itself, and where the known calls do not say who depends on whom.
//! What order and volume say otherwise, or what clocks leave open, is not an answer to act on.

use std::collections::BTreeMap;

use crate::case::Case;
use crate::signal::{Modality, Role, Signal};

/// Milliseconds by which clocks of machines and batches of lines may differ.
const CLOCKS: f64 = 5_000.0;
/// Milliseconds from which clocks do not explain who was first.
const CLEAR: f64 = 30_000.0;
/// As many lines of new errors are no accident.
const ENOUGH: f64 = 4.0;
/// Part of the normal time before the onset in which new errors may have begun, and the most of it, milliseconds.
const EARLIER: i64 = 4;
const LONG_BEFORE: i64 = 600_000;
/// What a later one loses at most.
const LOSS: f64 = 0.6;
/// Weight from which something else than the errors speaks for itself.
const SPEAKS: f64 = 0.5;
/// Times as many lines from which one is the louder.
const LOUDER: f64 = 2.0;

/// The new errors of one component.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Begun {
    /// The first, unix milliseconds.
    at: i64,
    lines: f64,
}

/// Who began to log new errors, of those of whom nothing else is known.
#[derive(Debug, Default)]
pub(crate) struct Order<'a> {
    begun: BTreeMap<&'a str, Begun>,
    /// Those whose telemetry says more than that they log errors.
    known: Vec<&'a str>,
}

impl<'a> Order<'a> {
    pub(crate) fn of(case: &'a Case<'_>, signals: &'a [Signal]) -> Self {
        let mut begun: BTreeMap<&str, Begun> = BTreeMap::new();
        if case.t.logs.is_empty() {
            return Self::default();
        }
        // The onset is that of most of the harm: who began it may have done so some minutes before.
        let since =
            case.frame.onset - ((case.frame.onset - case.frame.begin) / EARLIER).clamp(0, LONG_BEFORE);
        let errors = case.behaviours().iter().filter(|b| b.errors && !b.traced && !b.owner.is_empty());
        let usual = |b: &&crate::engines::Behaviour| case.frame.normal_after && b.base > 0.0;
        for b in errors.filter(|b| b.fault > 0.0 && !usual(b)) {
            let Some(at) = b.first.filter(|at| *at >= since) else { continue };
            let slot = begun.entry(&b.owner).or_insert(Begun { at, lines: 0.0 });
            slot.at = slot.at.min(at);
            slot.lines += b.base + b.fault;
        }
        if begun.len() < 2 {
            return Self::default();
        }
        let known = signals.iter().filter(|s| says_more(s)).map(|s| s.component.as_str()).collect();
        Self { begun, known }
    }

    /// What is left of the weight of a component that began later than another one, 0 to 1.
    pub(crate) fn left(&self, case: &Case<'_>, component: &str) -> f64 {
        let Some(own) = self.begun.get(component).filter(|_| !self.known.contains(&component)) else {
            return 1.0;
        };
        let most = self
            .rivals(case, component)
            .map(|(_, other)| {
                let gap = (own.at - other.at) as f64;
                let clear = ((gap - CLOCKS) / (CLEAR - CLOCKS)).clamp(0.0, 1.0);
                clear * (other.lines / ENOUGH).min(1.0)
            })
            .fold(0.0, f64::max);
        1.0 - LOSS * most
    }

    /// Why the leader may not be the one that began it, for people; none where that is settled.
    pub(crate) fn open(&self, case: &Case<'_>, leader: &str) -> Option<String> {
        let own = self.begun.get(leader).filter(|_| !self.known.contains(&leader))?;
        let seconds = |ms: i64| (ms.abs() + 500) / 1000;
        for (id, other) in self.rivals(case, leader) {
            let gap = other.at - own.at;
            if (gap as f64) < CLEAR {
                return Some(format!(
                    "{leader} and {id} began to log new errors {} s apart, and clocks may differ: which was first, and \
                     brought the other's, only traces or their calls tell",
                    seconds(gap)
                ));
            }
            if other.lines > LOUDER * own.lines {
                return Some(format!(
                    "{leader} logged new errors {} s before {id}, which logs {:.0} where it logs {:.0}: that the first \
                     brought the louder ones, only traces or their calls tell",
                    seconds(gap),
                    other.lines,
                    own.lines
                ));
            }
        }
        None
    }

    /// The others that may have brought a component's errors or have them from it. Known calls settle that otherwise, and
    /// one line may be an accident.
    fn rivals<'s>(
        &'s self,
        case: &'s Case<'_>,
        component: &'s str,
    ) -> impl Iterator<Item = (&'a str, &'s Begun)> {
        let placed = case.graph.has(component);
        self.begun.iter().map(|(id, b)| (*id, b)).filter(move |(id, b)| {
            *id != component && b.lines >= ENOUGH / 2.0 && !(placed && case.graph.has(id))
        })
    }
}

/// Whether a signal rests on more than that errors are logged: on a mechanism, or on another sort of telemetry.
fn says_more(s: &Signal) -> bool {
    match s.role {
        Role::Mechanism => s.weight > SPEAKS,
        Role::Symptom => s.modality != Modality::Logs && s.weight > SPEAKS,
        Role::Against => false,
    }
}
