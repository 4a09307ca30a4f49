//! Sums of series that do not have all the same samples: a sample that is missing is not a zero.

/// Steps over which a value that is no rate is held.
const HELD: i64 = 3;

/// The times of all series together, rounded to a common step.
pub(super) struct Axis {
    step: i64,
    pub(super) times: Vec<i64>,
}

impl Axis {
    /// `step` in milliseconds, above zero.
    pub(super) fn of<'a>(step: i64, series: impl Iterator<Item = &'a [(i64, f64)]>) -> Self {
        let mut times: Vec<i64> =
            series.flat_map(|s| s.iter().map(|p| p.0.div_euclid(step) * step)).collect();
        times.sort_unstable();
        times.dedup();
        Self { step, times }
    }

    /// Adds a series to `sums`, one value for each time. The rate of a counter at a sample is that of all the time since
    /// the sample before it, so it holds where samples between the two are missing; other values are held for a few
    /// steps. Nothing is added before the first and after the last sample: then there was nothing.
    pub(super) fn add(&self, points: &[(i64, f64)], rate: bool, sums: &mut [f64]) {
        let mut k = 0;
        let mut last: Option<(i64, f64)> = None;
        for (time, sum) in self.times.iter().zip(sums) {
            let (mut here, mut n) = (0.0, 0u32);
            while let Some(p) = points.get(k).filter(|p| p.0.div_euclid(self.step) * self.step <= *time) {
                here += p.1;
                n += 1;
                k += 1;
            }
            if n > 0 {
                here /= f64::from(n);
                *sum += here;
                last = Some((*time, here));
            } else if let (Some((at, held)), Some(next)) = (last, points.get(k)) {
                if rate {
                    *sum += next.1;
                } else if time - at <= HELD * self.step {
                    *sum += held;
                }
            }
        }
    }

    /// The sum of `series`.
    pub(super) fn sum<'a>(&self, series: impl Iterator<Item = (&'a [(i64, f64)], bool)>) -> Vec<(i64, f64)> {
        let mut sums = vec![0.0; self.times.len()];
        for (points, rate) in series {
            self.add(points, rate, &mut sums);
        }
        self.times.iter().copied().zip(sums).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sample_is_no_zero_and_a_series_that_has_not_begun_is() {
        let a = [(0, 2.0), (1000, 2.0), (3000, 2.0), (4000, 2.0)];
        let b = [(2000, 5.0), (3000, 5.0)];
        let axis = Axis::of(1000, [&a[..], &b[..]].into_iter());
        let sum = axis.sum([(&a[..], true), (&b[..], true)].into_iter());
        assert_eq!(sum, [(0, 2.0), (1000, 2.0), (2000, 7.0), (3000, 7.0), (4000, 2.0)]);
    }

    #[test]
    fn two_samples_in_one_step_count_once() {
        let a = [(0, 4.0), (900, 6.0), (2000, 1.0)];
        let axis = Axis::of(1000, [&a[..]].into_iter());
        assert_eq!(axis.sum([(&a[..], true)].into_iter()), [(0, 5.0), (2000, 1.0)]);
    }
}
