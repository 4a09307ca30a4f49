//! TF-IDF over single words and pairs, as the usual libraries have it: sub-linear counts, smoothed inverse document
//! frequency, unit length, at least two documents a word.

use std::collections::BTreeMap;

use super::logistic::Sparse;

/// The vocabulary of a training set.
pub(super) struct Tfidf {
    places: BTreeMap<String, (usize, f64)>,
}

impl Tfidf {
    /// Learns which words there are and how rare they are.
    pub(super) fn fit<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut documents: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = 0.0;
        for text in texts {
            count += 1.0;
            for word in counts(text).into_keys() {
                *documents.entry(word).or_default() += 1;
            }
        }
        let places = documents
            .into_iter()
            .filter(|(_, n)| *n >= 2)
            .enumerate()
            .map(|(place, (word, n))| (word, (place, ((1.0 + count) / (1.0 + n as f64)).ln() + 1.0)))
            .collect();
        Self { places }
    }

    pub(super) fn width(&self) -> usize {
        self.places.len()
    }

    /// A text as a row of unit length.
    pub(super) fn row(&self, text: &str) -> Sparse {
        let mut row: Sparse = counts(text)
            .into_iter()
            .filter_map(|(word, n)| {
                let (place, rare) = self.places.get(&word)?;
                Some((*place, (1.0 + (n as f64).ln()) * rare))
            })
            .collect();
        let length = row.iter().map(|(_, v)| v * v).sum::<f64>().sqrt().max(1e-12);
        for (_, value) in &mut row {
            *value /= length;
        }
        row
    }
}

fn counts(text: &str) -> BTreeMap<String, usize> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| w.chars().count() >= 2)
        .collect();
    let mut out = BTreeMap::new();
    for word in &words {
        *out.entry((*word).to_owned()).or_default() += 1;
    }
    for pair in words.windows(2) {
        *out.entry(pair.join(" ")).or_default() += 1;
    }
    out
}

/// The mean rows of each class, and the class whose mean lies nearest by cosine.
pub(super) struct Centroids(Vec<Vec<f64>>);

impl Centroids {
    pub(super) fn fit(rows: &[Sparse], of: &[usize], width: usize, classes: usize) -> Self {
        let mut means = vec![vec![0.0; width]; classes];
        for (row, class) in rows.iter().zip(of) {
            for (place, value) in row {
                means[*class][*place] += value;
            }
        }
        for mean in &mut means {
            let length = mean.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-12);
            mean.iter_mut().for_each(|v| *v /= length);
        }
        Self(means)
    }

    pub(super) fn class(&self, row: &Sparse) -> usize {
        let near = |mean: &Vec<f64>| row.iter().map(|(place, value)| mean[*place] * value).sum::<f64>();
        let all = self.0.iter().map(near).enumerate();
        all.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |best| best.0)
    }
}
