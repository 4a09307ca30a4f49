//! How much one run may ask for. What goes beyond becomes a gap, not a failure.

/// Queries that one run may make; watching recovery polls, and gets more.
const MAX_QUERIES: u32 = 80;
/// Bytes of evidence that one run may store.
const MAX_BYTES: usize = 96 * 1024 * 1024;

/// What is left of a run's allowance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    queries: u32,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { queries: MAX_QUERIES, bytes: MAX_BYTES }
    }

    /// Takes one query; false where none is left.
    pub(crate) fn query(&mut self) -> bool {
        let left = self.queries.checked_sub(1);
        self.queries = left.unwrap_or(0);
        left.is_some()
    }

    /// Takes bytes; false where not enough are left.
    pub(crate) fn store(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_refuses() {
        let mut budget = Budget { queries: 1, bytes: 10 };
        assert!(budget.query() && !budget.query());
        assert!(budget.store(6) && !budget.store(6) && budget.store(4));
    }
}
