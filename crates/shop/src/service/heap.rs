//! A service's memory: really allocated, limited, and collected in pauses that hold every request when it gets tight.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::RwLock;

/// Code, caches, buffers of a healthy process.
const BASE: usize = 6 * 1024 * 1024;
/// Where the process is killed.
pub(crate) const LIMIT: usize = 40 * 1024 * 1024;
/// From this share on collections hurt.
const TIGHT: f64 = 0.72;

/// What a service holds in memory. Readers of its change feed each have a buffer of what they have not fetched.
pub(crate) struct Heap {
    base: Mutex<Vec<u8>>,
    buffers: Mutex<BTreeMap<String, Vec<Vec<u8>>>>,
    used: AtomicUsize,
    /// Held for writing during a collection.
    pub(crate) gate: RwLock<()>,
}

impl Default for Heap {
    fn default() -> Self {
        // Not zeroes: the pages shall be there.
        let base = Mutex::new(vec![0x5a; BASE]);
        Self { base, buffers: Mutex::default(), used: AtomicUsize::new(BASE), gate: RwLock::new(()) }
    }
}

impl Heap {
    /// Bytes held.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Makes a buffer for a reader of the feed; nothing happens if it has one.
    pub(crate) fn subscribe(&self, reader: &str) {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).entry(reader.to_owned()).or_default();
    }

    /// Whether a reader has a buffer.
    pub(crate) fn has(&self, reader: &str) -> bool {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(reader)
    }

    /// Appends an event of so many bytes to every reader's buffer.
    pub(crate) fn publish(&self, bytes: usize) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        for buffer in buffers.values_mut() {
            buffer.push(vec![0x5a; bytes]);
            self.used.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Empties a reader's buffer, as a reader does who keeps up; gives the bytes.
    pub(crate) fn drain(&self, reader: &str) -> usize {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = buffers.get_mut(reader).map_or(0, |b| b.drain(..).map(|block| block.len()).sum());
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        bytes
    }

    /// A new process holds no buffers.
    pub(crate) fn clear(&self) {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.used.store(BASE, Ordering::Relaxed);
    }

    /// Runs a collection if memory is tight: walks everything while no request moves. Gives the pause.
    pub(crate) async fn collect(&self) -> Option<Duration> {
        let share = self.used() as f64 / LIMIT as f64;
        if share < TIGHT {
            return None;
        }
        let begun = std::time::Instant::now();
        let stopped = self.gate.write().await;
        let mut marked = 0_usize;
        {
            let base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
            marked += base.iter().step_by(256).filter(|b| **b != 0).count();
            let buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
            for block in buffers.values().flatten() {
                marked += block.iter().step_by(256).filter(|b| **b != 0).count();
            }
        }
        // A real heap of this fill is walked pointer by pointer, which takes longer than our walk of plain pages;
        // nothing is found to free, so the fuller it is the longer it tries.
        let pause = 0.03 + 0.3 * ((share - TIGHT) / (1.0 - TIGHT)).clamp(0.0, 1.0);
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        drop(stopped);
        tracing::trace!(marked, share, "a simulated collection freed nothing");
        Some(begun.elapsed())
    }
}

#[cfg(test)]
mod tests {
    //! Memory that is really there.

    use super::*;

    #[test]
    fn a_reader_that_does_not_read_makes_memory_grow() {
        let heap = Heap::default();
        let before = heap.used();
        heap.publish(1000);
        assert_eq!(heap.used(), before, "nobody reads");
        heap.subscribe("stuck");
        heap.publish(1000);
        heap.publish(1000);
        assert_eq!(heap.used(), before + 2000);
        assert_eq!(heap.drain("stuck"), 2000);
        heap.publish(500);
        heap.clear();
        assert!(heap.used() == before && !heap.has("stuck"));
    }
}
