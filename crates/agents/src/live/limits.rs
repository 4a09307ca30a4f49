//! How much a live investigation may ask for.

/// The budget. Calls at once, calls a second and the time limit of a single call are the sources' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Questions to one source.
    pub queries: u32,
    /// Bytes of answers in all.
    pub bytes: usize,
    /// Seconds that one source is asked for in all, the waits that it asks for included.
    pub seconds: u64,
    /// Series of one answer.
    pub series: usize,
    /// Log lines of one answer.
    pub log_lines: usize,
    /// Traces of one answer.
    pub traces: usize,
    /// Points of one series: the step follows from the window.
    pub points: u32,
    /// Times that the next best questions are asked.
    pub rounds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queries: 20,
            bytes: 128 << 20,
            seconds: 45,
            series: 10_000,
            log_lines: 50_000,
            traces: 400,
            points: 240,
            rounds: 2,
        }
    }
}

impl Limits {
    /// Seconds between two points over so many seconds: no finer than 5 s, no more than `points` of them.
    pub(super) fn step_s(&self, seconds: f64) -> u32 {
        let step = (seconds / f64::from(self.points.max(1))).ceil().clamp(5.0, 86_400.0);
        step as u32
    }
}
