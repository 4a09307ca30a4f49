//! `firebell bench paging`: how long it takes from an alert to the first call that leaves for it. A whole server on a new
//! store of its own, alerts over HTTP at a fixed rate whatever the answers take, one incident and one person each, and a
//! receiver on this machine in place of a push service. With `--rival`, an Alertmanager of that path gets the same alerts
//! at the same rates, and its webhooks are its calls.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};

use crate::args::BenchPagingArgs;
use crate::compose;
use crate::config;
use crate::exit_code::ExitCode;
use crate::output;

/// Incidents of one run.
const MOST: u32 = 4000;
/// After the last alert, calls are waited for as long at most.
const PATIENCE: Duration = Duration::from_secs(120);
/// A rival is ready by then.
const STARTS_WITHIN: Duration = Duration::from_secs(20);
const KEY: &str = "the-key-of-the-bench-of-pages";

pub(super) async fn run(args: &BenchPagingArgs) -> anyhow::Result<ExitCode> {
    let rival = args.rival.as_deref().filter(|program| {
        let there = program.is_file();
        if !there {
            output::note(&format!("no rival: {} is not there", program.display()));
        }
        there
    });
    let mut rows = Vec::new();
    for rate in args.rates.iter().copied().filter(|r| *r > 0) {
        let count = rate.saturating_mul(args.seconds).clamp(1, MOST) as usize;
        for rival in std::iter::once(None).chain(rival.map(Some)) {
            let name = if rival.is_some() { "alertmanager" } else { "firebell" };
            let dir = std::env::temp_dir().join(format!("{name}-bench-{}-{rate}", std::process::id()));
            let run = async {
                match rival {
                    None => ours(rate, count, &dir).await,
                    Some(program) => alertmanager(program, rate, count, &dir).await,
                }
            };
            let row = run.await;
            // Whatever came of it, the folder is ours.
            let _ = std::fs::remove_dir_all(&dir);
            let mut row = row.with_context(|| format!("{name}, {rate} a second"))?;
            row["program"] = name.into();
            if !args.json {
                output::line(&said(&row));
            }
            rows.push(row);
        }
    }
    if args.json {
        output::json(&json!({ "runs": rows }));
    }
    Ok(ExitCode::Ok)
}

fn said(row: &Value) -> String {
    let ms = |name: &str, q: &str| row[name][q].as_f64().unwrap_or_default();
    format!(
        "{}, {} incidents a second, {} in all: from the alert being sent to the first call at the receiver p50 {:.0} ms, p99 {:.0} ms, \
         worst {:.0} ms; from the alert being accepted p50 {:.0} ms, p99 {:.0} ms",
        row["program"].as_str().unwrap_or_default(),
        row["rate"],
        row["incidents"],
        ms("from_sent_ms", "p50"),
        ms("from_sent_ms", "p99"),
        ms("from_sent_ms", "max"),
        ms("from_accepted_ms", "p50"),
        ms("from_accepted_ms", "p99"),
    )
}

/// When the first call for each incident came.
#[derive(Debug, Default)]
struct Calls(Mutex<Vec<Option<Instant>>>);

impl Calls {
    fn missing(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|c| c.is_none()).count()
    }
}

async fn take(State(calls): State<Arc<Calls>>, body: String) -> &'static str {
    let now = Instant::now();
    let message: Value = serde_json::from_str(&body).unwrap_or_default();
    let told = message["alerts"].as_array().into_iter().flatten();
    let told = told.filter_map(|alert| alert["labels"]["service"].as_str()?.strip_prefix("service-"));
    let numbers = message["topic"].as_str().and_then(|t| t.strip_prefix("person-")).into_iter().chain(told);
    let mut calls = calls.0.lock().unwrap_or_else(PoisonError::into_inner);
    for number in numbers.filter_map(|n| n.parse::<usize>().ok()) {
        if let Some(first) = calls.get_mut(number) {
            first.get_or_insert(now);
        }
    }
    "{\"id\":\"x\"}"
}

/// Where calls go.
async fn receiver(
    count: usize,
) -> anyhow::Result<(Arc<Calls>, String, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let calls = Arc::new(Calls(Mutex::new(vec![None; count])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = Router::new().route("/", post(take)).with_state(Arc::clone(&calls));
    Ok((calls, url, tokio::spawn(async move { axum::serve(listener, app).await })))
}

async fn ours(rate: u32, count: usize, dir: &Path) -> anyhow::Result<Value> {
    let (calls, url, receiving) = receiver(count).await?;
    let file = config::parse(&configuration(&url)).map_err(anyhow::Error::msg)?;
    let file = config::File {
        roster: firebell_oncall::Roster::from_toml(&roster(count)).context("the roster of the bench")?,
        ..file
    };
    let running = compose::start(&file, "127.0.0.1:0", dir).await?;
    let measured = drive(rate, &format!("{}/in/bench", running.url), alert, &calls).await;
    running.stop().await;
    receiving.abort();
    measured
}

/// An Alertmanager that waits for nothing and groups nothing.
async fn alertmanager(program: &Path, rate: u32, count: usize, dir: &Path) -> anyhow::Result<Value> {
    let (calls, url, receiving) = receiver(count).await?;
    std::fs::create_dir_all(dir)?;
    let config = dir.join("alertmanager.yml");
    let text = format!(
        "route:\n  receiver: bench\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 5m\n  \
         repeat_interval: 4h\nreceivers:\n- name: bench\n  webhook_configs:\n  - url: {url}/\n"
    );
    std::fs::write(&config, text)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut child = tokio::process::Command::new(program)
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", dir.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let base = format!("http://127.0.0.1:{port}");
    let client = reqwest::Client::new();
    let patience = Instant::now() + STARTS_WITHIN;
    while !client.get(format!("{base}/-/ready")).send().await.is_ok_and(|a| a.status().is_success()) {
        anyhow::ensure!(Instant::now() < patience, "is not ready after {STARTS_WITHIN:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let measured = drive(rate, &format!("{base}/api/v2/alerts"), posted, &calls).await;
    let _ = child.kill().await;
    receiving.abort();
    measured
}

/// Sends the alerts at their times, and waits for the calls.
async fn drive(rate: u32, url: &str, body: fn(usize) -> Value, calls: &Calls) -> anyhow::Result<Value> {
    let count = calls.0.lock().unwrap_or_else(PoisonError::into_inner).len();
    let client = reqwest::Client::new();
    // Connections and caches are there before it counts, as they are where alerts come all day.
    let warm = client.get(url).bearer_auth(KEY).send().await;
    drop(warm);
    let begun = Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for n in 0..count {
        let due = begun + Duration::from_secs_f64(n as f64 / f64::from(rate));
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.to_owned());
        sending.spawn(async move {
            let sent = Instant::now();
            let answer = client.post(&url).bearer_auth(KEY).json(&body(n)).send().await;
            (n, sent, Instant::now(), answer.map(|a| a.status()))
        });
    }
    let mut times = vec![None; count];
    while let Some(done) = sending.join_next().await {
        let (n, sent, accepted, status) = done?;
        let status = status?;
        anyhow::ensure!(status.is_success(), "alert {n} was answered with {status}");
        times[n] = Some((sent, accepted));
    }
    let patience = Instant::now() + PATIENCE;
    while calls.missing() > 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let missing = calls.missing();
    anyhow::ensure!(missing == 0, "{missing} of {count} incidents had no call within {PATIENCE:?}");
    let calls = calls.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut from_sent, mut from_accepted) = (Vec::new(), Vec::new());
    for (time, call) in times.iter().zip(calls.iter()) {
        if let (Some((sent, accepted)), Some(call)) = (time, call) {
            from_sent.push(call.duration_since(*sent));
            // A call may be there before its sender has read the answer.
            from_accepted.push(call.saturating_duration_since(*accepted));
        }
    }
    Ok(json!({
        "rate": rate,
        "incidents": count,
        "from_sent_ms": quantiles(from_sent),
        "from_accepted_ms": quantiles(from_accepted),
    }))
}

fn quantiles(mut all: Vec<Duration>) -> Value {
    all.sort_unstable();
    let at = |q: f64| {
        let n = ((all.len() as f64 * q).ceil() as usize).clamp(1, all.len().max(1)) - 1;
        all.get(n).map_or(0.0, |d| d.as_secs_f64() * 1000.0)
    };
    json!({ "p50": at(0.5), "p99": at(0.99), "max": at(1.0) })
}

/// A server whose pages go to the receiver. What is a storm elsewhere is what is measured here.
fn configuration(receiver: &str) -> String {
    format!(
        "[[sources]]\nkind = \"alertmanager\"\nname = \"bench\"\nkey = {KEY:?}\n\n\
         [[notifiers]]\nkind = \"ntfy\"\nname = \"bench\"\nurl = {receiver:?}\n\n\
         [limits]\nrequests_per_minute = 0\n\n\
         [correlation]\nstorm_opens = 1000000\n"
    )
}

/// One service, escalation and person for each incident: what is told together to one person is not measured here.
fn roster(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "[[people]]\nname = \"person {n}\"\ncontacts = [{{ kind = \"ntfy\", address = \"person-{n}\" }}]\n\
             [[teams]]\nname = \"team {n}\"\nmembers = [\"person {n}\"]\nescalation = \"team {n}\"\n\
             [[services]]\nname = \"service-{n}\"\nteam = \"team {n}\"\n\
             [[escalations]]\nname = \"team {n}\"\nsteps = [{{ targets = [{{ person = \"person {n}\" }}], delay_s = 3600 }}]\n"
        );
    }
    text
}

/// The same alert, as Prometheus posts it to an Alertmanager.
fn posted(n: usize) -> Value {
    let alert = alert(n);
    let alert = &alert["alerts"][0];
    json!([{
        "labels": alert["labels"],
        "annotations": alert["annotations"],
        "startsAt": alert["startsAt"],
    }])
}

fn alert(n: usize) -> Value {
    json!({
        "version": "4",
        "status": "firing",
        "groupKey": format!("group-{n}"),
        "groupLabels": {},
        "alerts": [{
            "status": "firing",
            "labels": { "alertname": format!("Bench{n}"), "service": format!("service-{n}"), "severity": "critical" },
            "annotations": { "summary": format!("service-{n}: 40 % of requests fail") },
            "startsAt": jiff::Timestamp::now().to_string(),
        }],
    })
}
