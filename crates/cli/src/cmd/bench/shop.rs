//! `firebell bench shop`: every fault of the demo's company, many seeds each, as far as the verdict. Each drill is a process
//! of its own, as each is a whole company.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context;
use firebell_rca::score::{Answer, CaseScore, Scorecard, score};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::bundles;
use crate::args::BenchShopArgs;
use crate::cmd::demo::drill;
use crate::exit_code::{ExitCode, coded};
use crate::output;

/// What a drill leaves beside its folder.
const RESULT: &str = "drill.json";

pub(super) async fn run(args: &BenchShopArgs) -> anyhow::Result<ExitCode> {
    if let Some(one) = &args.one {
        return alone(one, &args.keep).await;
    }
    let seeds = seeds(&args.seeds)?;
    let known: Vec<&str> =
        firebell_shop::catalogue().iter().map(|f| f.name).chain([drill::NOTHING]).collect();
    let faults: Vec<&str> =
        if args.faults.is_empty() { known.clone() } else { args.faults.iter().map(String::as_str).collect() };
    if let Some(unknown) = faults.iter().find(|f| !known.contains(f)) {
        return Err(coded(ExitCode::Usage, format!("--faults: {unknown:?} is none of {}", known.join(", "))));
    }
    std::fs::create_dir_all(&args.keep)?;
    let most = Arc::new(Semaphore::new(args.parallel.into()));
    let mut running = tokio::task::JoinSet::new();
    // All faults of one seed before the next seed: whoever stops it early has seen each of them.
    for (order, (seed, fault)) in seeds.iter().flat_map(|s| faults.iter().map(move |f| (*s, *f))).enumerate()
    {
        let (most, keep, name) = (Arc::clone(&most), args.keep.clone(), format!("{fault}:{seed}"));
        let turn = most.acquire_owned().await?;
        running.spawn(async move {
            let result = child(&name, &keep).await;
            drop(turn);
            (order, name, result)
        });
    }
    let mut done: Vec<(usize, CaseScore)> = Vec::new();
    let mut broken = Vec::new();
    while let Some(finished) = running.join_next().await {
        let (order, name, result) = finished?;
        match result {
            Ok(result) => {
                let case = judge(&name, &result)?;
                output::note(&format!(
                    "{} {name}: {}",
                    if case.exact { "right" } else { "WRONG" },
                    case.said
                ));
                done.push((order, case));
            }
            Err(error) => broken.push(format!("{name}: {error:#}")),
        }
    }
    done.sort_by_key(|d| d.0);
    let mut card = Scorecard::default();
    for (_, case) in done {
        card.push(case);
    }
    bundles::print(&card, &[], args.json);
    for text in &broken {
        output::note(&format!("did not run: {text}"));
    }
    Ok(if broken.is_empty() { ExitCode::Ok } else { ExitCode::Failure })
}

/// One drill, and its result beside it.
async fn alone(one: &str, keep: &Path) -> anyhow::Result<ExitCode> {
    let (fault, seed) = one.rsplit_once(':').context("FAULT:SEED")?;
    let work = keep.join(format!("{fault}-{seed}.run"));
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    let done = drill::run(fault, seed.parse().context("the seed is no number")?, &work).await?;
    let to = keep.join(format!("{fault}-{seed}"));
    if let Some(bundle) = &done.bundle {
        if to.exists() {
            std::fs::remove_dir_all(&to)?;
        }
        std::fs::rename(bundle, &to)?;
    }
    let result = json!({ "verdict": done.verdict, "answer": done.answer, "took_s": done.took_s });
    std::fs::create_dir_all(&to)?;
    std::fs::write(to.join(RESULT), serde_json::to_vec_pretty(&result)?)?;
    std::fs::remove_dir_all(&work)?;
    Ok(ExitCode::Ok)
}

async fn child(name: &str, keep: &Path) -> anyhow::Result<Value> {
    let (fault, seed) = name.rsplit_once(':').unwrap_or((name, "0"));
    let to = keep.join(format!("{fault}-{seed}"));
    let done = Command::new(std::env::current_exe()?)
        .args(["bench", "shop", "--one", name, "--keep"])
        .arg(keep)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        anyhow::bail!("{}", said.lines().last().unwrap_or("it ended without a word"));
    }
    Ok(serde_json::from_slice(&std::fs::read(to.join(RESULT))?)?)
}

fn judge(name: &str, result: &Value) -> anyhow::Result<CaseScore> {
    let answer: Answer = serde_json::from_value(result["answer"].clone())?;
    Ok(match serde_json::from_value(result["verdict"].clone()) {
        Ok(verdict) => score(name, &verdict, &answer),
        Err(_) => CaseScore {
            name: name.to_owned(),
            class: answer.class.clone(),
            place: None,
            exact: false,
            verdict: false,
            cause: None,
            indicator: None,
            decoy: false,
            confidence: 0.0,
            said: "no incident came to a verdict".to_owned(),
        },
    })
}

/// `1-20`, `3`, `1,5,9`.
fn seeds(text: &str) -> anyhow::Result<Vec<u64>> {
    let wrong = || coded(ExitCode::Usage, format!("--seeds: {text:?} is no list such as 1-20 or 1,5,9"));
    let mut out = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u64, u64) =
            (first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?);
        if last < first || last - first > 1000 {
            return Err(wrong());
        }
        out.extend(first..=last);
    }
    Ok(out)
}
