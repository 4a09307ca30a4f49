//! Grades from words, split by time: everything is learned on the older incidents and measured on the newest.

use std::fmt;

use firebell_core::severity::words::{Grade, Model};
use serde::Serialize;

use super::incidents::{Told, read};
use super::logistic::{Logistic, Sparse};
use super::tfidf::{Centroids, Tfidf};
use super::train::train;

/// So many of the newest incidents are the test unless another number is asked for.
pub const NEWEST: usize = 204;
/// Fewer older incidents than this teach nothing: the shipped weights are measured then.
const ENOUGH: usize = 100;
/// Draws of the bootstrap.
const DRAWS: usize = 1000;

/// One method's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What was tried.
    pub method: String,
    /// Mean F1 over the grades that the test holds.
    pub macro_f1: f64,
    /// Its 95 % interval, by bootstrap over the tested incidents.
    pub interval: (f64, f64),
    /// F1 of each grade, mildest first, that the test holds.
    pub per_class: Vec<(Grade, f64)>,
    /// Incidents tested.
    pub n: usize,
    /// Incidents learned from, all older than those.
    pub trained_on: usize,
    /// Start of the oldest incident tested, RFC 3339.
    pub split_at: String,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<28} {:.3} [{:.3}, {:.3}]",
            self.method, self.macro_f1, self.interval.0, self.interval.1
        )?;
        for (grade, f1) in &self.per_class {
            write!(f, "  {} {f1:.2}", grade.as_str())?;
        }
        write!(f, "  n {} from {}, learned on {}", self.n, self.split_at, self.trained_on)
    }
}

/// Reads `incidents.jsonl` and measures majority, three TF-IDF baselines (the third knows, as the model does, that what was
/// over when it was told is a notice) and the model on the `newest` incidents, each
/// learned on the older ones. Where there are too few older ones, the shipped weights are measured alone with the
/// grade that is most frequent in what they were learned from.
///
/// # Errors
/// A sentence: a line that is no incident, or nothing to test.
pub fn bench(jsonl: &str, newest: usize) -> Result<Vec<Row>, String> {
    let all = read(jsonl)?;
    if all.is_empty() || newest == 0 {
        return Err("no graded incident to test on".to_owned());
    }
    let cut = all.len().saturating_sub(newest);
    let old: Vec<&Told> = all[..cut].iter().collect();
    let test: Vec<&Told> = all[cut..].iter().collect();
    let row = |method: &str, trained_on: usize, said: Vec<Grade>| {
        let pairs: Vec<(Grade, Grade)> = said.into_iter().zip(&test).map(|(s, t)| (s, t.grade)).collect();
        row(method, trained_on, &pairs, &test[0].started_at)
    };
    if old.len() < ENOUGH {
        let model = Model::shipped();
        return Ok(vec![
            row("majority", 0, vec![Grade::Minor; test.len()]),
            row("terms, shipped weights", model.trained.incidents, grades(model, &test)),
        ]);
    }
    let of: Vec<usize> = old.iter().map(|t| place(t.grade)).collect();
    let most = Grade::ALL.into_iter().max_by_key(|g| of.iter().filter(|o| **o == place(*g)).count());
    let words = Tfidf::fit(old.iter().map(|t| t.text.as_str()));
    let rows: Vec<Sparse> = old.iter().map(|t| words.row(&t.text)).collect();
    let classes = Grade::ALL.len();
    let logistic = Logistic::fit(&rows, &of, words.width(), classes);
    let centroids = Centroids::fit(&rows, &of, words.width(), classes);
    let by = |class: &dyn Fn(&Sparse) -> usize| -> Vec<Grade> {
        test.iter().map(|t| Grade::ALL[class(&words.row(&t.text))]).collect()
    };
    Ok(vec![
        row("majority", old.len(), vec![most.unwrap_or(Grade::Minor); test.len()]),
        row("tf-idf, logistic regression", old.len(), by(&|r| logistic.class(r))),
        row("tf-idf, nearest centroid", old.len(), by(&|r| centroids.class(r))),
        row(
            "tf-idf, what was over",
            old.len(),
            test.iter()
                .map(|t| match t.features.over {
                    true => Grade::None,
                    false => Grade::ALL[logistic.class(&words.row(&t.text))],
                })
                .collect(),
        ),
        row("terms", old.len(), grades(&train(&old), &test)),
    ])
}

fn grades(model: &Model, test: &[&Told]) -> Vec<Grade> {
    test.iter().map(|t| model.grade(&t.features)).collect()
}

fn place(grade: Grade) -> usize {
    grade as usize
}

fn row(method: &str, trained_on: usize, pairs: &[(Grade, Grade)], split_at: &str) -> Row {
    let per_class = per_class(pairs);
    let mut draws: Vec<f64> = Vec::with_capacity(DRAWS);
    // A linear congruential generator: the interval is the same in every run.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sample = pairs.to_vec();
    for _ in 0..DRAWS {
        for slot in &mut sample {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *slot = pairs[((state >> 33) as usize) % pairs.len()];
        }
        draws.push(macro_f1(&self::per_class(&sample)));
    }
    draws.sort_by(f64::total_cmp);
    Row {
        method: method.to_owned(),
        macro_f1: macro_f1(&per_class),
        interval: (draws[DRAWS / 40], draws[DRAWS - 1 - DRAWS / 40]),
        per_class,
        n: pairs.len(),
        trained_on,
        split_at: split_at.to_owned(),
    }
}

fn macro_f1(per_class: &[(Grade, f64)]) -> f64 {
    per_class.iter().map(|c| c.1).sum::<f64>() / per_class.len().max(1) as f64
}

/// F1 of each grade that occurs, said or true; pairs are what was said and what is.
fn per_class(pairs: &[(Grade, Grade)]) -> Vec<(Grade, f64)> {
    let of = |grade: Grade| {
        let count = |f: &dyn Fn(&(Grade, Grade)) -> bool| pairs.iter().filter(|p| f(p)).count() as f64;
        let hit = count(&|p| p.0 == grade && p.1 == grade);
        let off = count(&|p| (p.0 == grade) != (p.1 == grade));
        (hit + off > 0.0).then(|| (grade, 2.0 * hit / (2.0 * hit + off)))
    };
    Grade::ALL.into_iter().filter_map(of).collect()
}
