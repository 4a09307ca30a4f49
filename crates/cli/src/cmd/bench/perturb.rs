//! `firebell bench perturb`: how steady the verdicts are. Copies of labelled bundles are disturbed; the answer should hold or
//! come with less confidence, and never be wrong with confidence.

use std::collections::BTreeMap;
use std::path::Path;

use firebell_core::verdict::Outcome;
use firebell_integrations::bundle;
use firebell_rca::perturb::{Disturbance, Renaming, disturb};
use firebell_rca::score::{Answer, score};
use firebell_rca::{Settings, investigate};
use serde_json::json;

use super::table::{columns, share};
use crate::args::BenchPerturbArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output;

/// From this confidence on, people act on an answer.
const CONFIDENT: f64 = 0.7;

/// What became of the copies of one disturbance.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    copies: usize,
    /// The first hypothesis is right: the component, and the cause where one is asked.
    holds: usize,
    /// It is not, and is given with less confidence than [`CONFIDENT`] or as no cause at all.
    unsure: usize,
    /// The component is right and the cause is not, with confidence.
    other_cause: usize,
    /// The component is wrong, with confidence.
    misled: usize,
}

pub(super) fn run(args: &BenchPerturbArgs) -> anyhow::Result<ExitCode> {
    let mut cases = Vec::new();
    for dir in &args.dirs {
        cases.extend(bundle::labelled(dir).map_err(|e| coded(ExitCode::Usage, e.to_string()))?);
    }
    if cases.is_empty() {
        return Err(coded(ExitCode::Usage, "the folders hold no bundle with an answer.json"));
    }
    let each = args.copies.div_ceil(cases.len()).max(1);
    let mut tallies: BTreeMap<Disturbance, Tally> = BTreeMap::new();
    let mut misled = Vec::new();
    let mut left = args.copies;
    for case in &cases {
        let n = each.min(left);
        left -= n;
        one(case, n, &mut tallies, &mut misled)?;
    }
    let mut all = Tally::default();
    for t in tallies.values() {
        all = Tally {
            copies: all.copies + t.copies,
            holds: all.holds + t.holds,
            unsure: all.unsure + t.unsure,
            other_cause: all.other_cause + t.other_cause,
            misled: all.misled + t.misled,
        };
    }
    if args.json {
        let row = |t: &Tally| json!({"copies": t.copies, "holds": t.holds, "unsure": t.unsure, "other_cause": t.other_cause, "misled": t.misled});
        let by: BTreeMap<&str, _> = tallies.iter().map(|(d, t)| (d.as_str(), row(t))).collect();
        output::json(&json!({ "disturbances": by, "all": row(&all), "confidently_wrong": misled }));
        return Ok(ExitCode::Ok);
    }
    let head = ["disturbance", "copies", "holds", "less sure", "other cause", "confidently wrong"]
        .map(str::to_owned)
        .to_vec();
    let row = |name: &str, t: &Tally| {
        let of = |n| share(n, t.copies);
        vec![
            name.to_owned(),
            t.copies.to_string(),
            of(t.holds),
            of(t.unsure),
            of(t.other_cause),
            of(t.misled),
        ]
    };
    let mut rows = vec![head];
    rows.extend(tallies.iter().map(|(d, t)| row(d.as_str(), t)));
    rows.push(row("all", &all));
    output::line(columns(&rows).trim_end());
    for text in misled.iter().take(20) {
        output::note(text);
    }
    Ok(ExitCode::Ok)
}

fn one(
    case: &Path,
    copies: usize,
    tallies: &mut BTreeMap<Disturbance, Tally>,
    misled: &mut Vec<String>,
) -> anyhow::Result<()> {
    let usage = |e: bundle::Error| coded(ExitCode::Usage, e.to_string());
    let answer = bundle::answer(case).map_err(usage)?.unwrap_or_default();
    let answer: Answer = serde_json::from_value(answer)
        .map_err(|e| coded(ExitCode::Usage, format!("{}/answer.json: {e}", case.display())))?;
    let loaded = bundle::read(case).map_err(usage)?;
    for copy in 0..copies {
        let how = Disturbance::ALL[copy % Disturbance::ALL.len()];
        let (telemetry, renaming) = disturb(&loaded.telemetry, how, copy as u64 + 1);
        let verdict = investigate(&telemetry, &Settings::default());
        let wanted = renamed(&answer, &renaming);
        let tally = tallies.entry(how).or_default();
        tally.copies += 1;
        let sure = verdict.hypotheses.first().map_or(0.0, |h| h.confidence) >= CONFIDENT;
        let scored = score("", &verdict, &wanted);
        let place = scored.place == Some(1);
        if place && scored.cause != Some(false) {
            tally.holds += 1;
        } else if verdict.verdict != Outcome::Cause || !sure {
            tally.unsure += 1;
        } else if place {
            tally.other_cause += 1;
        } else {
            tally.misled += 1;
            let first = verdict.hypotheses.first();
            let confidence = first.map_or(0.0, |h| h.confidence);
            misled.push(format!(
                "{}, copy {copy} ({}): {} at {} with {confidence:.2}",
                case.display(),
                how.as_str(),
                first.map_or("nothing", |h| h.cause.as_str()),
                first.map_or("", |h| h.component.as_str()),
            ));
        }
    }
    Ok(())
}

fn renamed(answer: &Answer, renaming: &Renaming) -> Answer {
    let mut out = answer.clone();
    for name in out.component.iter_mut().chain(&mut out.indicator) {
        *name = renaming.name(name);
    }
    out
}
