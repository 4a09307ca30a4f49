//! An even share of log lines: when there are more than fit, each stretch of the window keeps about as many as any
//! other, failures before routine. Bounded memory, whatever passes through.

use firebell_core::telemetry::{LogLine, Window};

/// Stretches of a window.
const BUCKETS: usize = 64;

/// Takes lines one by one and keeps a bounded, even share.
pub(crate) struct Sampler {
    window: Window,
    limit: usize,
    buckets: Vec<Bucket>,
    seen: u64,
    held: usize,
}

#[derive(Default)]
struct Bucket {
    failures: Thinned,
    routine: Thinned,
}

/// A list that can be halved, keeping every second line, and takes further lines at the same rate.
#[derive(Default)]
struct Thinned {
    lines: Vec<LogLine>,
    stride: u64,
    seen: u64,
}

impl Thinned {
    /// Takes a line or drops it; answers how many more are held.
    fn push(&mut self, line: LogLine) -> usize {
        let taken = self.seen.is_multiple_of(self.stride.max(1));
        self.seen += 1;
        if taken {
            self.lines.push(line);
        }
        usize::from(taken)
    }

    /// Halves the list; answers how many are gone.
    fn thin(&mut self) -> usize {
        let before = self.lines.len();
        let mut keep = false;
        self.lines.retain(|_| {
            keep = !keep;
            keep
        });
        self.stride = self.stride.max(1) * 2;
        before - self.lines.len()
    }
}

impl Sampler {
    /// Keeps at most `limit` lines of `window`.
    pub(crate) fn new(window: Window, limit: usize) -> Self {
        let buckets = (0..BUCKETS).map(|_| Bucket::default()).collect();
        Self { window, limit, buckets, seen: 0, held: 0 }
    }

    /// Takes a line; one without a time, or outside the window, is not counted.
    pub(crate) fn push(&mut self, line: LogLine) {
        let Some(at) = line.at.filter(|at| self.window.contains(*at)) else { return };
        self.seen += 1;
        let span = self.window.seconds().max(0.001);
        let share = at.duration_since(self.window.start).as_secs_f64() / span;
        let index = ((share * BUCKETS as f64) as usize).min(BUCKETS - 1);
        let bucket = &mut self.buckets[index];
        let failed = matches!(line.level.as_deref(), Some("error" | "fatal" | "warn"));
        self.held += if failed { bucket.failures.push(line) } else { bucket.routine.push(line) };
        // Some more than the limit are held, so that the share of each stretch can be settled at the end.
        while self.held > self.limit.saturating_mul(4).max(BUCKETS * 4) {
            let lists = self.buckets.iter_mut().flat_map(|b| [&mut b.failures, &mut b.routine]);
            let Some(largest) = lists.max_by_key(|l| l.lines.len()) else { break };
            self.held -= largest.thin();
        }
    }

    /// The lines in order of time, and a note if some were left out.
    pub(crate) fn finish(self) -> (Vec<LogLine>, Option<String>) {
        let sizes: Vec<usize> =
            self.buckets.iter().map(|b| b.failures.lines.len() + b.routine.lines.len()).collect();
        let quotas = level(&sizes, self.limit);
        let mut out = Vec::with_capacity(self.limit.min(sizes.iter().sum()));
        for (bucket, quota) in self.buckets.into_iter().zip(quotas) {
            // Failures get up to three quarters of a stretch, and what routine leaves free.
            let (f, r) = (bucket.failures.lines, bucket.routine.lines);
            let failures = f.len().min((quota * 3).div_ceil(4).max(quota.saturating_sub(r.len())));
            let mut kept = evenly(f, failures);
            kept.extend(evenly(r, quota - failures));
            out.extend(kept);
        }
        out.sort_by(|a, b| (a.at, &a.source, a.line).cmp(&(b.at, &b.source, b.line)));
        let left = self.seen.saturating_sub(out.len() as u64);
        let note = (left > 0).then(|| {
            format!("{} of {} lines kept: an even share of the time, failures first", out.len(), self.seen)
        });
        (out, note)
    }
}

/// Shares `total` out: the small get all they ask for, the large the same each.
fn level(sizes: &[usize], total: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|i| sizes[*i]);
    let mut out = vec![0; sizes.len()];
    let mut left = total;
    for (done, i) in order.iter().enumerate() {
        let share = left / (sizes.len() - done);
        out[*i] = sizes[*i].min(share);
        left -= out[*i];
    }
    // What the rounding left goes to the largest.
    for i in order.iter().rev() {
        let more = left.min(sizes[*i] - out[*i]);
        out[*i] += more;
        left -= more;
    }
    out
}

fn evenly(lines: Vec<LogLine>, keep: usize) -> Vec<LogLine> {
    let n = lines.len();
    if n <= keep {
        return lines;
    }
    lines.into_iter().enumerate().filter(|(i, _)| (i + 1) * keep / n > i * keep / n).map(|(_, l)| l).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, level: &str) -> LogLine {
        LogLine {
            source: "t".into(),
            line: second as u64,
            component: None,
            at: jiff::Timestamp::from_second(second).ok(),
            level: Some(level.into()),
            text: String::new(),
            fields: Default::default(),
            trace_id: None,
        }
    }

    #[test]
    fn keeps_all_when_all_fit() {
        let mut s = Sampler::new(crate::doubles::window(0, 1000), 500);
        (0..400).for_each(|i| s.push(line(i, "info")));
        s.push(line(2000, "info"));
        let (lines, note) = s.finish();
        assert_eq!((lines.len(), note), (400, None));
    }

    #[test]
    fn a_loud_minute_does_not_push_out_the_quiet_ones_nor_routine_the_failures() {
        let mut s = Sampler::new(crate::doubles::window(0, 6400), 640);
        (0..6400).step_by(100).for_each(|i| s.push(line(i, "info")));
        for _ in 0..50_000 {
            s.push(line(3200, "info"));
        }
        (0..40).for_each(|i| s.push(line(3201 + i, "error")));
        let (lines, note) = s.finish();
        assert!(lines.len() <= 640 && lines.len() > 500, "{}", lines.len());
        assert_eq!(lines.iter().filter(|l| l.level.as_deref() == Some("error")).count(), 40);
        let quiet = lines.iter().filter(|l| l.line % 100 == 0 && l.line != 3200).count();
        assert_eq!(quiet, 63);
        assert!(note.is_some_and(|n| n.contains("of 50104 lines")));
    }

    #[test]
    fn shares_level_out() {
        assert_eq!(level(&[1, 100, 100], 21), [1, 10, 10]);
        assert_eq!(level(&[5, 5], 100), [5, 5]);
        assert_eq!(level(&[3, 3, 3], 4).iter().sum::<usize>(), 4);
    }
}
