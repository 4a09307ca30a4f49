//! What is kept of a heartbeat, and where it stands at a moment: a function of that, the configuration, and since when
//! there was anybody here to hear it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// After a start nobody is missed before they had the time to beat again; of those that beat rarely not longer than this.
const PATIENCE_S: i64 = 3600;

/// What a beat says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Beat {
    /// All is well.
    Well,
    /// A run begins.
    Started,
    /// A run failed.
    Failed {
        /// Its exit code, if it gave one.
        exit: Option<u8>,
        /// The beginning of what it said; outside text.
        said: String,
    },
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) at: Timestamp,
    pub(crate) exit: Option<u8>,
    #[serde(default)]
    pub(crate) said: String,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// The last beat that said that all is well.
    pub(crate) last_at: Option<Timestamp>,
    /// When the run that is under way began.
    pub(crate) started_at: Option<Timestamp>,
    /// The last run failed.
    pub(crate) failure: Option<Failure>,
    /// Beats so far.
    pub(crate) count: u64,
    /// Since when its alert fires.
    pub(crate) alert_since: Option<Timestamp>,
}

/// Distances, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) every_s: i64,
    pub(crate) grace_s: i64,
}

/// Where a heartbeat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stands {
    /// It never beat: nothing is expected yet.
    New,
    /// As it should be.
    Up,
    /// A run is under way, in time.
    Running,
    /// Late, within its grace.
    Late,
    /// Missed.
    Missed,
    /// It said itself that it failed.
    Failed,
}

impl Stands {
    /// As in JSON and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Up => "up",
            Self::Running => "running",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::Failed => "failed",
        }
    }

    /// Whether an alert fires of it.
    pub(crate) fn is_alarming(self) -> bool {
        matches!(self, Self::Missed | Self::Failed)
    }
}

impl Kept {
    /// Takes a beat in.
    pub(crate) fn take(&mut self, beat: &Beat, at: Timestamp) {
        self.count += 1;
        match beat {
            Beat::Well => {
                self.last_at = Some(at);
                self.started_at = None;
                self.failure = None;
            }
            Beat::Started => self.started_at = Some(at),
            Beat::Failed { exit, said } => {
                self.started_at = None;
                self.failure = Some(Failure { at, exit: *exit, said: said.clone() });
            }
        }
    }

    /// When it counts as missed, if nothing is heard until then. `here_since` is when this server began to listen: what
    /// beat while nobody was here is not known, so it has the time to beat once more.
    pub(crate) fn due(&self, pace: Pace, here_since: Timestamp) -> Option<Timestamp> {
        let heard = |at: Timestamp, within_s: i64, again_s: i64| {
            let due = after(at, within_s);
            // What is missed already stays so: it is not forgotten because the server was started again.
            if at >= here_since || self.alert_since.is_some() {
                due
            } else {
                due.max(after(here_since, again_s))
            }
        };
        let again_s = pace.every_s.min(PATIENCE_S) + pace.grace_s;
        let beat = self.last_at.map(|at| heard(at, pace.every_s + pace.grace_s, again_s));
        let run = self.started_at.map(|at| heard(at, pace.grace_s, pace.grace_s));
        [beat, run].into_iter().flatten().min()
    }

    /// Where it stands.
    pub(crate) fn stands(&self, pace: Pace, here_since: Timestamp, now: Timestamp) -> Stands {
        if self.failure.is_some() {
            return Stands::Failed;
        }
        match self.due(pace, here_since) {
            None => Stands::New,
            Some(due) if due <= now => Stands::Missed,
            Some(_) if self.started_at.is_some() => Stands::Running,
            Some(_) if self.last_at.is_some_and(|at| after(at, pace.every_s) <= now) => Stands::Late,
            Some(_) => Stands::Up,
        }
    }
}

/// `at` plus so many seconds; at the end of time it stays there.
fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACE: Pace = Pace { every_s: 60, grace_s: 30 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn beaten(second: i64) -> Kept {
        let mut kept = Kept::default();
        kept.take(&Beat::Well, at(second));
        kept
    }

    #[test]
    fn a_beat_is_good_for_its_distance_and_its_grace() {
        let kept = beaten(0);
        let stands: Vec<_> =
            [0, 59, 60, 89, 90, 999].map(|s| kept.stands(PACE, at(-100), at(s)).as_str()).to_vec();
        assert_eq!(stands, ["up", "up", "late", "late", "missed", "missed"]);
        assert_eq!(
            Kept::default().stands(PACE, at(0), at(9_999_999)),
            Stands::New,
            "nothing is expected yet"
        );
    }

    #[test]
    fn a_run_that_began_must_end_within_the_grace() {
        let mut kept = beaten(0);
        kept.take(&Beat::Started, at(10));
        assert_eq!(kept.stands(PACE, at(-100), at(39)), Stands::Running);
        assert_eq!(kept.stands(PACE, at(-100), at(40)), Stands::Missed);
        kept.take(&Beat::Well, at(41));
        assert_eq!(kept.stands(PACE, at(-100), at(42)), Stands::Up);
        let mut first = Kept::default();
        first.take(&Beat::Started, at(0));
        assert_eq!(
            first.stands(PACE, at(-1), at(30)),
            Stands::Missed,
            "a first run that hangs is missed too"
        );
    }

    #[test]
    fn a_failure_counts_at_once_and_until_the_next_success() {
        let mut kept = beaten(0);
        kept.take(&Beat::Failed { exit: Some(3), said: String::new() }, at(5));
        assert_eq!(kept.stands(PACE, at(-100), at(5)), Stands::Failed);
        kept.take(&Beat::Started, at(6));
        assert_eq!(kept.stands(PACE, at(-100), at(7)), Stands::Failed, "to try again is no success yet");
        kept.take(&Beat::Well, at(8));
        assert_eq!(kept.stands(PACE, at(-100), at(9)), Stands::Up);
    }

    #[test]
    fn after_a_start_there_is_time_to_beat_once_more() {
        let kept = beaten(0);
        assert_eq!(
            kept.stands(PACE, at(500), at(589)),
            Stands::Late,
            "it beat while nobody was here, perhaps"
        );
        assert_eq!(kept.stands(PACE, at(500), at(590)), Stands::Missed);
        let daily = Pace { every_s: 86_400, grace_s: 600 };
        assert_eq!(kept.due(daily, at(100_000)), Some(at(100_000 + 3600 + 600)), "an hour is enough");
        let told = Kept { alert_since: Some(at(90)), ..beaten(0) };
        assert_eq!(told.stands(PACE, at(500), at(501)), Stands::Missed, "what was missed stays missed");
    }

    proptest! {
        /// However often it is started again: who beats in time is never missed, and who stops is missed in the end.
        #[test]
        fn restarts_neither_invent_nor_forget(
            beats in proptest::collection::vec(1_i64..60, 1..20),
            restarts in proptest::collection::vec(0_i64..2000, 0..8),
        ) {
            let mut kept = Kept::default();
            let mut second = 0;
            let here = |second: i64| restarts.iter().filter(|r| **r <= second).max().map_or(at(-1), |r| at(*r));
            for gap in beats {
                kept.take(&Beat::Well, at(second));
                for s in second..second + gap {
                    prop_assert!(!kept.stands(PACE, here(s), at(s)).is_alarming());
                }
                second += gap;
            }
            let end = second + 2000 + 60 + 30;
            prop_assert_eq!(kept.stands(PACE, here(end), at(end)), Stands::Missed);
        }
    }
}
