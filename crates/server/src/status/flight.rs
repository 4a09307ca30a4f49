//! Work that many wait for and one does: who comes while it is done shares it, and who comes right after it failed gets
//! that failure, so that what cannot answer is not asked by every reader anew.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::problem::Problem;

/// What came of it, and when, where it failed.
type Made<T> = Result<T, (Instant, Problem)>;

/// One doing of the work.
#[derive(Debug, Clone)]
struct Attempt<T: Clone> {
    began: Instant,
    made: Shared<BoxFuture<'static, Made<T>>>,
}

/// The work under way, or what came of it last.
#[derive(Debug)]
pub(super) struct Flight<T: Clone> {
    last: Mutex<Option<Attempt<T>>>,
}

impl<T: Clone> Default for Flight<T> {
    fn default() -> Self {
        Self { last: Mutex::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Joins the work, or begins it, unless it failed less than `rest` ago. Begun, it goes on whether or not anybody
    /// waits.
    pub(super) fn join(
        &self,
        rest: Duration,
        begin: impl FnOnce() -> BoxFuture<'static, Result<T, Problem>>,
    ) -> Joined<T> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attempt) = &*last {
            match attempt.made.peek() {
                None => return Joined(attempt.clone()),
                Some(Err((at, _))) if at.elapsed() < rest => return Joined(attempt.clone()),
                Some(_) => {}
            }
        }
        let work = begin();
        let made = async move { work.await.map_err(|problem| (Instant::now(), problem)) }.boxed().shared();
        tokio::spawn(made.clone());
        let attempt = Attempt { began: Instant::now(), made };
        *last = Some(attempt.clone());
        Joined(attempt)
    }
}

/// A place among those who wait.
pub(super) struct Joined<T: Clone>(Attempt<T>);

impl<T: Clone> Joined<T> {
    /// What came of it; none where it has been going on for longer than `patience`, however long this one waited: what
    /// hangs holds up those of its first moments and nobody after them.
    pub(super) async fn within(self, patience: Duration) -> Option<Result<T, Problem>> {
        let left = patience.saturating_sub(self.0.began.elapsed());
        let made = tokio::time::timeout(left, self.0.made).await.ok()?;
        Some(made.map_err(|(_, problem)| problem))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    struct Counted {
        flight: Flight<usize>,
        begun: Arc<AtomicUsize>,
    }

    impl Counted {
        fn new() -> Self {
            Self { flight: Flight::default(), begun: Arc::default() }
        }

        fn begun(&self) -> usize {
            self.begun.load(Ordering::SeqCst)
        }

        fn join(&self, rest: Duration, takes: Duration, fails: bool) -> Joined<usize> {
            let begun = Arc::clone(&self.begun);
            let work = async move {
                let n = begun.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::time::sleep(takes).await;
                if fails { Err(Problem::unavailable("it is gone")) } else { Ok(n) }
            };
            self.flight.join(rest, || work.boxed())
        }
    }

    #[tokio::test]
    async fn who_comes_meanwhile_shares_it_and_who_comes_later_begins_anew() {
        let c = Counted::new();
        let takes = Duration::from_millis(100);
        let all: Vec<_> = (0..50).map(|_| c.join(LONG, takes, false)).collect();
        for joined in all {
            assert_eq!(joined.within(LONG).await, Some(Ok(1)));
        }
        assert_eq!(c.begun(), 1);
        assert_eq!(c.join(LONG, takes, false).within(LONG).await, Some(Ok(2)));
    }

    #[tokio::test]
    async fn a_failure_is_remembered_for_a_while() {
        let c = Counted::new();
        let failed = Some(Err(Problem::unavailable("it is gone")));
        for _ in 0..3 {
            assert_eq!(c.join(LONG, Duration::ZERO, true).within(LONG).await, failed);
        }
        assert_eq!(c.begun(), 1);
        assert_eq!(
            c.join(Duration::ZERO, Duration::ZERO, false).within(LONG).await,
            Some(Ok(2)),
            "the while is over"
        );
    }

    #[tokio::test]
    async fn what_hangs_holds_up_nobody_who_comes_later() {
        let c = Counted::new();
        let patience = Duration::from_millis(100);
        assert_eq!(c.join(LONG, LONG * 10, false).within(patience).await, None);
        let before = Instant::now();
        for _ in 0..50 {
            assert_eq!(c.join(LONG, LONG * 10, false).within(patience).await, None);
        }
        assert!(before.elapsed() < patience * 10, "{:?}", before.elapsed());
        assert_eq!(c.begun(), 1);
    }
}
