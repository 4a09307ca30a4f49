//! What was accepted a moment ago, kept at hand until it is taken in. The store has all of it; this only saves reading.

use std::collections::VecDeque;

use firebell_core::signal::Intake;

/// Items kept at hand; what comes beyond is read from the store.
const MOST: usize = 20_000;

/// Rows of the inbox in their order, not necessarily all.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    rows: VecDeque<(u64, Vec<Intake>)>,
    items: usize,
}

impl Fresh {
    /// Keeps a row, if there is room.
    pub(super) fn push(&mut self, seq: u64, items: Vec<Intake>) {
        if self.items + items.len() <= MOST {
            self.items += items.len();
            self.rows.push_back((seq, items));
        }
    }

    /// The row right after `seq`, if it is at hand. Rows up to `seq` are forgotten.
    pub(super) fn after(&mut self, seq: u64) -> Option<(u64, Vec<Intake>)> {
        while let Some((at, _)) = self.rows.front()
            && *at <= seq + 1
        {
            let (at, items) = self.rows.pop_front()?;
            self.items -= items.len();
            if at == seq + 1 {
                return Some((at, items));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_row_is_given_and_older_ones_are_forgotten() {
        let mut fresh = Fresh::default();
        for seq in [2, 3, 5] {
            fresh.push(seq, Vec::new());
        }
        assert_eq!(fresh.after(0), None);
        assert_eq!(fresh.after(2).map(|r| r.0), Some(3));
        assert_eq!(fresh.after(3), None);
        assert_eq!(fresh.after(4).map(|r| r.0), Some(5));
        assert!(fresh.rows.is_empty());
    }
}
