//! Multinomial logistic regression over sparse rows, for the baseline: gradient descent with momentum, classes balanced.

/// A row: place and value.
pub(super) type Sparse = Vec<(usize, f64)>;

/// Steps of the descent.
const STEPS: usize = 250;
/// Inverse of the penalty, as the usual libraries' `C`.
const C: f64 = 10.0;

/// One weight vector and bias a class.
pub(super) struct Logistic {
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

impl Logistic {
    /// `width` places, `classes` classes; rows of unit length.
    pub(super) fn fit(rows: &[Sparse], of: &[usize], width: usize, classes: usize) -> Self {
        let mut model = Self { weights: vec![vec![0.0; width]; classes], bias: vec![0.0; classes] };
        let mut speed = (vec![vec![0.0; width]; classes], vec![0.0; classes]);
        let total = rows.len().max(1) as f64;
        let weight: Vec<f64> = (0..classes)
            .map(|c| total / (classes as f64 * of.iter().filter(|o| **o == c).count().max(1) as f64))
            .collect();
        // Rows are of unit length, with a bias: the curvature is at most half of two, weighted.
        let step = 1.0 / (total + 1.0 / C);
        for _ in 0..STEPS {
            let mut gradient: Vec<Vec<f64>> =
                model.weights.iter().map(|w| w.iter().map(|w| w / C).collect()).collect();
            let mut of_bias = vec![0.0; classes];
            for (row, is) in rows.iter().zip(of) {
                for (c, share) in model.shares(row).into_iter().enumerate() {
                    let error = weight[*is] * (share - if c == *is { 1.0 } else { 0.0 });
                    of_bias[c] += error;
                    for (place, value) in row {
                        gradient[c][*place] += error * value;
                    }
                }
            }
            for c in 0..classes {
                for ((w, g), v) in model.weights[c].iter_mut().zip(&gradient[c]).zip(&mut speed.0[c]) {
                    *v = 0.9 * *v - step * g;
                    *w += *v;
                }
                speed.1[c] = 0.9 * speed.1[c] - step * of_bias[c];
                model.bias[c] += speed.1[c];
            }
        }
        model
    }

    fn shares(&self, row: &Sparse) -> Vec<f64> {
        let scores: Vec<f64> = self
            .weights
            .iter()
            .zip(&self.bias)
            .map(|(w, b)| b + row.iter().map(|(place, value)| w[*place] * value).sum::<f64>())
            .collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|s| (s - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|p| p / sum).collect()
    }

    /// The likeliest class.
    pub(super) fn class(&self, row: &Sparse) -> usize {
        let shares = self.shares(row).into_iter().enumerate();
        shares.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |best| best.0)
    }
}
