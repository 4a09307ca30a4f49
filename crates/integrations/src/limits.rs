//! Protects the systems that are asked: at most so many calls at once and so many a second, a deadline on each, a pause
//! where they ask for one (status 429), and a pause after a row of failures instead of a hail of retries. One
//! [`Limiter`] per configured source.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use firebell_core::ports::telemetry::QueryError;
use tokio::sync::Semaphore;

/// Failures in a row after which calls are held back.
const TRIP_AFTER: u32 = 4;
/// First pause; doubled with each failed probe.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Pause after a 429 that does not say how long.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// How often a call is made again where the source was busy.
const MOST_AGAIN: u32 = 3;

/// Concurrency limit, pace, deadline and circuit breaker of one source.
#[derive(Debug)]
pub struct Limiter {
    name: String,
    permits: Semaphore,
    deadline: Duration,
    breaker: Mutex<Breaker>,
    /// Least time between the starts of two calls.
    gap: Duration,
    /// Before then no call starts: the pace, or the pause that the source asked for.
    not_before: Mutex<Option<Instant>>,
}

impl Limiter {
    /// A limiter for the source `name`: `concurrent` calls at once, each done within `deadline`, waiting included.
    pub fn new(name: impl Into<String>, concurrent: usize, deadline: Duration) -> Self {
        Self {
            name: name.into(),
            permits: Semaphore::new(concurrent.clamp(1, 64)),
            deadline,
            breaker: Mutex::new(Breaker::default()),
            gap: Duration::ZERO,
            not_before: Mutex::new(None),
        }
    }

    /// The same with at most so many calls a second.
    pub fn at_most(mut self, calls_a_second: u32) -> Self {
        self.gap = Duration::from_secs(1) / calls_a_second.max(1);
        self
    }

    /// Runs one call, and again where the source is busy, after the pause that it asks for: all calls to this source wait
    /// for that. `call` makes the call anew each time.
    ///
    /// # Errors
    /// As [`Limiter::run`]; [`QueryError::Busy`] where the pause would last longer than the deadline allows.
    pub async fn run_patiently<T, F>(&self, call: impl Fn() -> F) -> Result<T, QueryError>
    where
        F: Future<Output = Result<T, QueryError>>,
    {
        let end = Instant::now() + self.deadline;
        let patient = async {
            let mut again = 0;
            loop {
                let start = self.slot();
                if start >= end {
                    return Err(self.still_busy(start));
                }
                tokio::time::sleep_until(start.into()).await;
                match call().await {
                    Err(QueryError::Busy { source_name, detail, after_s }) => {
                        let wait =
                            after_s.map_or(BUSY_PAUSE * 2u32.pow(again), |s| Duration::from_secs(s.into()));
                        self.hold_until(Instant::now() + wait);
                        again += 1;
                        if again > MOST_AGAIN || Instant::now() + wait >= end {
                            return Err(QueryError::Busy { source_name, detail, after_s });
                        }
                    }
                    done => return done,
                }
            }
        };
        self.run(patient).await
    }

    /// When the next call may start; takes that place.
    fn slot(&self) -> Instant {
        let now = Instant::now();
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        let start = not_before.map_or(now, |t| t.max(now));
        if !self.gap.is_zero() {
            *not_before = Some(start + self.gap);
        }
        start
    }

    fn hold_until(&self, until: Instant) {
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = Some(not_before.map_or(until, |t| t.max(until)));
    }

    fn still_busy(&self, until: Instant) -> QueryError {
        let wait = until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        QueryError::Busy {
            source_name: self.name.clone(),
            detail: format!("it asked to be left alone for another {wait:.0} s"),
            after_s: Some(wait as u32),
        }
    }

    /// Runs one call.
    ///
    /// # Errors
    /// The call's own error; [`QueryError::Unreachable`] when the deadline passes or calls are held back.
    pub async fn run<T>(&self, call: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
        let admitted = self.lock().admit(Instant::now());
        if let Err(wait) = admitted {
            return Err(self.unreachable(format!(
                "it failed {TRIP_AFTER} times or more in a row, so that it is left alone for another {:.0} s",
                wait.as_secs_f64().ceil()
            )));
        }
        // A call that is dropped half-way must not leave the breaker waiting for its probe.
        let mut probe = Probe { limiter: self, settled: false };
        let work = async {
            let _permit =
                self.permits.acquire().await.map_err(|_| self.unreachable("it is shut down".into()))?;
            call.await
        };
        let result = match tokio::time::timeout(self.deadline, work).await {
            Ok(result) => result,
            Err(_) => Err(self.unreachable(format!(
                "no answer within {:.1} s: look at its load, or raise timeout_s",
                self.deadline.as_secs_f64()
            ))),
        };
        // Refusing or answering nonsense is still being there.
        let there = !matches!(result, Err(QueryError::Unreachable { .. }));
        self.lock().report(Instant::now(), there);
        probe.settled = true;
        result
    }

    fn unreachable(&self, detail: String) -> QueryError {
        QueryError::Unreachable { source_name: self.name.clone(), detail }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Probe<'a> {
    limiter: &'a Limiter,
    settled: bool,
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.limiter.lock().probing = false;
        }
    }
}

/// The circuit breaker, without a clock of its own.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    closed_until: Option<Instant>,
    pause: Option<Duration>,
    probing: bool,
}

impl Breaker {
    /// Whether a call may go out; if not, how long to wait.
    fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.closed_until {
            None => Ok(()),
            Some(until) if now < until => Err(until - now),
            Some(_) if self.probing => Err(Duration::from_secs(1)),
            Some(_) => {
                self.probing = true;
                Ok(())
            }
        }
    }

    fn report(&mut self, now: Instant, ok: bool) {
        self.probing = false;
        if ok {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= TRIP_AFTER {
            let pause = self.pause.map_or(FIRST_PAUSE, |p| (p * 2).min(MAX_PAUSE));
            // Calls that were already under way when it tripped do not lengthen the pause.
            if self.closed_until.is_none_or(|until| now >= until) {
                self.pause = Some(pause);
                self.closed_until = Some(now + pause);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_after_a_row_of_failures_and_lets_one_probe_through() {
        let start = Instant::now();
        let mut b = Breaker::default();
        for _ in 0..TRIP_AFTER {
            assert!(b.admit(start).is_ok());
            b.report(start, false);
        }
        assert_eq!(b.admit(start), Err(FIRST_PAUSE));
        let later = start + FIRST_PAUSE;
        assert!(b.admit(later).is_ok(), "one probe");
        assert!(b.admit(later).is_err(), "and no second");
        b.report(later, false);
        assert_eq!(b.admit(later), Err(FIRST_PAUSE * 2));
        let even_later = later + FIRST_PAUSE * 2;
        assert!(b.admit(even_later).is_ok());
        b.report(even_later, true);
        assert!(b.admit(even_later).is_ok());
        assert!(b.admit(even_later).is_ok());
    }

    #[test]
    fn the_pause_has_a_ceiling() {
        let mut now = Instant::now();
        let mut b = Breaker::default();
        for _ in 0..40 {
            if let Err(wait) = b.admit(now) {
                assert!(wait <= MAX_PAUSE);
                now += wait;
                let _ = b.admit(now);
            }
            b.report(now, false);
        }
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_at_the_deadline_and_names_the_source() {
        let limiter = Limiter::new("prometheus/main", 1, Duration::from_millis(30));
        let error = limiter.run(std::future::pending::<Result<(), QueryError>>()).await.expect_err("hangs");
        assert!(
            error.to_string().starts_with("prometheus/main cannot be reached: no answer within"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn never_more_calls_at_once_than_allowed() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        let limiter = Arc::new(Limiter::new("x/y", 2, Duration::from_secs(30)));
        let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for _ in 0..20 {
            let (limiter, now, peak) = (limiter.clone(), now.clone(), peak.clone());
            tasks.push(tokio::spawn(async move {
                limiter
                    .run(async {
                        let n = now.fetch_add(1, Ordering::SeqCst) + 1;
                        peak.fetch_max(n, Ordering::SeqCst);
                        for _ in 0..10 {
                            tokio::task::yield_now().await;
                        }
                        now.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    })
                    .await
            }));
        }
        for task in tasks {
            assert!(task.await.expect("joins").is_ok());
        }
        assert_eq!(peak.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_busy_source_is_left_alone_for_as_long_as_it_asks_and_then_asked_again() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let limiter = Limiter::new("x/y", 2, Duration::from_secs(20)).at_most(1000);
        let busy = |after_s| QueryError::Busy { source_name: "x/y".into(), detail: "429".into(), after_s };
        let calls = AtomicUsize::new(0);
        let call = || async {
            match calls.fetch_add(1, Ordering::SeqCst) {
                0 => Err(busy(Some(0))),
                _ => Ok(7),
            }
        };
        assert_eq!(limiter.run_patiently(call).await, Ok(7));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        // Longer than anybody waits: told at once, and the next call does not even go out.
        let never = || async { Err::<(), _>(busy(Some(3600))) };
        assert!(matches!(limiter.run_patiently(never).await, Err(QueryError::Busy { .. })));
        let before = calls.load(Ordering::SeqCst);
        let held = limiter.run_patiently(call).await;
        assert!(matches!(held, Err(QueryError::Busy { .. })), "{held:?}");
        assert_eq!(calls.load(Ordering::SeqCst), before);
    }

    #[tokio::test]
    async fn a_refusal_does_not_trip_the_breaker() {
        let limiter = Limiter::new("x/y", 1, Duration::from_secs(5));
        for _ in 0..20 {
            let refused: Result<(), _> = limiter
                .run(async { Err(QueryError::Refused { source_name: "x/y".into(), detail: "no".into() }) })
                .await;
            assert!(matches!(refused, Err(QueryError::Refused { .. })));
        }
    }
}
