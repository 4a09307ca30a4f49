//! Scoring verdicts against known answers.

use std::collections::BTreeMap;
use std::fmt;

use firebell_core::verdict::{Hypothesis, Outcome, Verdict};
use serde::{Deserialize, Serialize};

use crate::names;

/// What would have been right. A list means that any of it is; an empty key is not scored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// `cause`, `healthy`, …
    pub verdict: String,
    /// Components.
    pub component: Vec<String>,
    /// Cause ids.
    pub cause: Vec<String>,
    /// Metrics or templates.
    pub indicator: Vec<String>,
    /// Commits or change ids.
    pub change: Vec<String>,
    /// Changes that must not be blamed.
    pub decoys: Vec<String>,
    /// Components that are harmed.
    pub blast_radius: Vec<String>,
    /// What helped.
    pub mitigation: String,
    /// For grouping.
    pub class: String,
}

/// One case's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseScore {
    /// Name.
    pub name: String,
    /// Class.
    pub class: String,
    /// Place of the first right hypothesis (component, or change where no component is asked), from 1.
    pub place: Option<u32>,
    /// The first hypothesis is right in every scored key, and so is the verdict.
    pub exact: bool,
    /// The verdict itself is right.
    pub verdict: bool,
    /// The first hypothesis names the right cause; none where none is asked.
    pub cause: Option<bool>,
    /// The first hypothesis names the right indicator; none where none is asked.
    pub indicator: Option<bool>,
    /// The first hypothesis blames a decoy.
    pub decoy: bool,
    /// Confidence of the first hypothesis.
    pub confidence: f64,
    /// What the first hypothesis says.
    pub said: String,
}

/// Scores of many cases.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Scorecard {
    /// In the order given.
    pub cases: Vec<CaseScore>,
}

/// Sums over one class.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Line {
    /// Cases.
    pub cases: usize,
    /// Right at the first place.
    pub top1: usize,
    /// Right among the first three.
    pub top3: usize,
    /// Right in everything that is scored.
    pub exact: usize,
    /// Right verdict.
    pub verdicts: usize,
    /// Decoys blamed.
    pub decoys: usize,
    /// Right cause at the first place, and cases in which a cause is asked.
    pub cause: (usize, usize),
    /// Right indicator at the first place, and cases in which one is asked.
    pub indicator: (usize, usize),
}

/// Scores one verdict.
pub fn score(name: &str, verdict: &Verdict, answer: &Answer) -> CaseScore {
    let first = verdict.hypotheses.first();
    let calm = !answer.verdict.is_empty() && answer.verdict != "cause";
    let asked = |h: &Hypothesis| {
        if answer.component.is_empty() {
            any(&answer.change, h.change.as_deref(), same_commit)
        } else {
            component(answer, h)
        }
    };
    let verdict_right = answer.verdict.is_empty() || answer.verdict == outcome(verdict.verdict);
    let place = if calm {
        verdict_right.then_some(1)
    } else {
        verdict.hypotheses.iter().position(asked).map(|p| p as u32 + 1)
    };
    let cause = |h: &Hypothesis| answer.cause.is_empty() || answer.cause.contains(&h.cause);
    let indicator = |h: &Hypothesis| {
        any(&answer.indicator, h.indicator.as_deref(), |a, b| a == b || b.contains(a) || a.contains(b))
    };
    let exact = verdict_right
        && (calm
            || first.is_some_and(|h| {
                component(answer, h)
                    && cause(h)
                    && any(&answer.change, h.change.as_deref(), same_commit)
                    && indicator(h)
            }));
    CaseScore {
        name: name.to_owned(),
        class: if answer.class.is_empty() { "all".into() } else { answer.class.clone() },
        place,
        exact,
        verdict: verdict_right,
        cause: (!calm && !answer.cause.is_empty()).then(|| first.is_some_and(cause)),
        indicator: (!calm && !answer.indicator.is_empty()).then(|| first.is_some_and(indicator)),
        decoy: first
            .and_then(|h| h.change.as_deref())
            .is_some_and(|c| answer.decoys.iter().any(|d| same_commit(d, c))),
        // Of another verdict than a cause the hypotheses are not what is claimed.
        confidence: first.filter(|_| verdict.verdict == Outcome::Cause).map_or(0.0, |h| h.confidence),
        said: first.map_or_else(
            || outcome(verdict.verdict).to_owned(),
            |h| {
                format!(
                    "{} {} {}",
                    h.component,
                    h.cause,
                    h.change.as_deref().map_or("", |c| c.get(..8).unwrap_or(c))
                )
            },
        ),
    }
}

fn component(answer: &Answer, h: &Hypothesis) -> bool {
    answer.component.is_empty() || answer.component.iter().any(|c| names::same(c, &h.component))
}

fn any(wanted: &[String], have: Option<&str>, same: impl Fn(&str, &str) -> bool) -> bool {
    wanted.is_empty() || have.is_some_and(|h| wanted.iter().any(|w| same(w, h)))
}

fn same_commit(a: &str, b: &str) -> bool {
    a == b || (a.len().min(b.len()) >= 7 && (a.starts_with(b) || b.starts_with(a)))
}

fn outcome(o: Outcome) -> &'static str {
    match o {
        Outcome::Cause => "cause",
        Outcome::Healthy => "healthy",
        Outcome::Recovered => "recovered",
        Outcome::InsufficientEvidence => "insufficient_evidence",
    }
}

impl Scorecard {
    /// Adds a case.
    pub fn push(&mut self, score: CaseScore) {
        self.cases.push(score);
    }

    /// Sums by class, and over all under `total`.
    pub fn lines(&self) -> BTreeMap<String, Line> {
        let mut out: BTreeMap<String, Line> = BTreeMap::new();
        for c in &self.cases {
            for key in [c.class.as_str(), "total"] {
                let l = out.entry(key.to_owned()).or_default();
                l.cases += 1;
                l.top1 += usize::from(c.place == Some(1));
                l.top3 += usize::from(c.place.is_some_and(|p| p <= 3));
                l.exact += usize::from(c.exact);
                l.verdicts += usize::from(c.verdict);
                l.decoys += usize::from(c.decoy);
                for (sum, asked) in [(&mut l.cause, c.cause), (&mut l.indicator, c.indicator)] {
                    sum.0 += usize::from(asked == Some(true));
                    sum.1 += usize::from(asked.is_some());
                }
            }
        }
        out
    }

    /// Expected calibration error of the first hypotheses over ten bins, 0 to 1.
    pub fn calibration_error(&self) -> f64 {
        let mut bins = [(0.0f64, 0.0f64, 0usize); 10];
        for c in self.cases.iter().filter(|c| c.confidence > 0.0) {
            let bin = &mut bins[((c.confidence * 10.0) as usize).min(9)];
            bin.0 += c.confidence;
            bin.1 += f64::from(u8::from(c.place == Some(1)));
            bin.2 += 1;
        }
        let n: usize = bins.iter().map(|b| b.2).sum();
        if n == 0 {
            return 0.0;
        }
        bins.iter().filter(|b| b.2 > 0).map(|b| (b.0 - b.1).abs()).sum::<f64>() / n as f64
    }
}

impl fmt::Display for Scorecard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<36} {:>5} {:>6} {:>6} {:>6} {:>8} {:>7}",
            "class", "cases", "top-1", "top-3", "exact", "verdict", "decoys"
        )?;
        for (class, l) in self.lines() {
            let share = |n: usize| n as f64 / l.cases.max(1) as f64;
            writeln!(
                f,
                "{class:<36} {:>5} {:>6.2} {:>6.2} {:>6.2} {:>8.2} {:>7}",
                l.cases,
                share(l.top1),
                share(l.top3),
                share(l.exact),
                share(l.verdicts),
                l.decoys
            )?;
        }
        write!(f, "calibration error {:.3}", self.calibration_error())
    }
}
