//! Scales of very short series, each drawn towards that of the others: what three to seven values say of their own scale is
//! little, what all of them say of a usual one is not (Smyth 2004, "Linear models and empirical Bayes methods").
//!
//! A series' variance is `s^2` with `d` degrees of freedom, in units in which series can be compared. With `s0^2` and
//! `d0` of all of them, its moderated variance is `(d0 s0^2 + d s^2) / (d0 + d)`, and a deviation in its scale is one
//! of Student's with `d0 + d` degrees of freedom. Both are fitted by the moments of `ln s^2`, whose mean and variance
//! are known functions (digamma, trigamma) of the degrees of freedom.

/// Series that say what is usual, at least.
const SERIES: usize = 10;
/// What the others say counts as this many values more, at most: no two series are the same.
const MOST: f64 = 30.0;

/// The usual scale of the short series of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Usual {
    /// Variance.
    pub(super) variance: f64,
    /// Degrees of freedom that it is worth; 0 where nothing is known of others.
    pub(super) freedom: f64,
}

impl Usual {
    /// Of variances above zero, each with its degrees of freedom.
    pub(super) fn fit(variances: &[(f64, f64)]) -> Self {
        let logs: Vec<(f64, f64)> = variances
            .iter()
            .filter(|(v, d)| *v > 0.0 && *d >= 1.0)
            .map(|(v, d)| (v.ln() - digamma(d / 2.0) + (d / 2.0).ln(), trigamma(d / 2.0)))
            .collect();
        if logs.len() < SERIES {
            return Self::default();
        }
        let n = logs.len() as f64;
        let mean = logs.iter().map(|l| l.0).sum::<f64>() / n;
        let spread = logs.iter().map(|l| (l.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let by_chance = logs.iter().map(|l| l.1).sum::<f64>() / n;
        // Where they differ by no more than chance makes them differ, they are the same.
        let freedom = if spread > by_chance { 2.0 * untrigamma(spread - by_chance) } else { MOST };
        let freedom = freedom.min(MOST);
        let variance = (mean + digamma(freedom / 2.0) - (freedom / 2.0).ln()).exp();
        Self { variance, freedom }
    }

    /// The variance of a series whose own is `variance` with so many degrees of freedom, and what it is worth then.
    pub(super) fn moderated(&self, variance: f64, freedom: f64) -> (f64, f64) {
        let all = self.freedom + freedom;
        ((self.freedom * self.variance + freedom * variance) / all.max(1.0), all.max(1.0))
    }
}

/// Derivative of the logarithm of the gamma function, for positive numbers.
fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 6.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + x.ln() - 0.5 / x - y * (1.0 / 12.0 - y * (1.0 / 120.0 - y / 252.0))
}

/// Derivative of [`digamma`].
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 6.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + 1.0 / x + 0.5 * y + y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y / 42.0))
}

/// The number of which [`trigamma`] is `value`, by halving: it falls all the time.
fn untrigamma(value: f64) -> f64 {
    let (mut low, mut high) = (1e-3f64, 1e6f64);
    for _ in 0..80 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > value { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_those_of_the_tables() {
        assert!((digamma(1.0) + 0.577_215_664_9).abs() < 1e-7, "{}", digamma(1.0));
        assert!((trigamma(1.0) - 1.644_934_066_8).abs() < 1e-7, "{}", trigamma(1.0));
        assert!((trigamma(0.5) - 4.934_802_200_5).abs() < 1e-7, "{}", trigamma(0.5));
        for x in [0.3, 2.0, 17.0] {
            assert!((untrigamma(trigamma(x)) / x - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn what_differs_by_chance_alone_is_drawn_together_and_what_truly_differs_is_not() {
        // Variances of four values of a normal distribution: quantiles of chi-squared with 3 degrees of freedom, over 3.
        let chance = [0.117, 0.195, 0.334, 0.475, 0.623, 0.789, 0.982, 1.222, 1.547, 2.084, 2.605];
        let alike: Vec<(f64, f64)> = chance.iter().map(|v| (4.0 * v, 3.0)).collect();
        let usual = Usual::fit(&alike);
        assert_eq!(usual.freedom, MOST);
        assert!((usual.variance / 4.0 - 1.0).abs() < 0.25, "{usual:?}");
        let (drawn, worth) = usual.moderated(0.1, 3.0);
        assert!(drawn > 2.5 && worth == 33.0, "{drawn}");
        let unlike: Vec<(f64, f64)> =
            chance.iter().enumerate().map(|(i, v)| (v * 10f64.powi(i as i32 % 7 - 3), 3.0)).collect();
        assert!(Usual::fit(&unlike).freedom < 2.0, "{:?}", Usual::fit(&unlike));
        assert_eq!(Usual::fit(&alike[..5]), Usual::default());
    }
}
