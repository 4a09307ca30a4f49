//! The replicas of a service: which of them takes the next request, and what happens to requests when one stops.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::watch;

/// One replica.
pub(crate) struct Replica {
    ready: AtomicBool,
    /// Counts stops; a request in flight that sees it move is cut off.
    stops: watch::Sender<u64>,
}

impl Replica {
    fn new(ready: bool) -> Arc<Self> {
        Arc::new(Self { ready: AtomicBool::new(ready), stops: watch::Sender::new(0) })
    }

    /// Stops taking requests and cuts off those in flight.
    pub(crate) fn stop(&self) {
        self.ready.store(false, Ordering::SeqCst);
        self.stops.send_modify(|n| *n += 1);
    }

    /// Takes requests.
    pub(crate) fn start(&self) {
        self.ready.store(true, Ordering::SeqCst);
    }
}

/// All replicas of one service.
pub(crate) struct Fleet {
    replicas: RwLock<Vec<Arc<Replica>>>,
    next: AtomicUsize,
}

impl Fleet {
    pub(crate) fn new(count: u32) -> Self {
        let replicas = (0..count.max(1)).map(|_| Replica::new(true)).collect();
        Self { replicas: RwLock::new(replicas), next: AtomicUsize::new(0) }
    }

    /// All replicas now.
    pub(crate) fn all(&self) -> Vec<Arc<Replica>> {
        self.replicas.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many take requests.
    pub(crate) fn ready(&self) -> usize {
        let replicas = self.replicas.read().unwrap_or_else(PoisonError::into_inner);
        replicas.iter().filter(|r| r.ready.load(Ordering::SeqCst)).count()
    }

    /// Adds or removes replicas.
    pub(crate) fn resize(&self, count: u32) {
        let count = count.max(1) as usize;
        let mut replicas = self.replicas.write().unwrap_or_else(PoisonError::into_inner);
        while replicas.len() > count {
            if let Some(replica) = replicas.pop() {
                replica.stop();
            }
        }
        while replicas.len() < count {
            replicas.push(Replica::new(true));
        }
    }

    /// The replica for the next request, in turn; completes the receiver when that replica stops.
    pub(crate) fn pick(&self) -> Option<watch::Receiver<u64>> {
        let replicas = self.replicas.read().unwrap_or_else(PoisonError::into_inner);
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        (0..replicas.len())
            .map(|n| &replicas[(start + n) % replicas.len()])
            .find(|r| r.ready.load(Ordering::SeqCst))
            .map(|r| r.stops.subscribe())
    }
}

#[cfg(test)]
mod tests {
    //! Replicas in turn.

    use super::*;

    #[tokio::test]
    async fn a_stopped_replica_cuts_off_its_requests_and_takes_no_more() {
        let fleet = Fleet::new(1);
        let mut request = fleet.pick().expect("a replica is ready");
        fleet.all()[0].stop();
        assert!(request.changed().await.is_ok());
        assert!(fleet.pick().is_none() && fleet.ready() == 0);
        fleet.resize(2);
        assert_eq!(fleet.ready(), 1);
    }
}
