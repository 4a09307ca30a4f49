//! `firebell bench paging`: how long it takes from an alert to the first call that leaves for it. A whole server on a new
//! store of its own, alerts over HTTP at a fixed rate whatever the answers take, one incident and one person each, and a
//! receiver on this machine in place of a push service.

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
const KEY: &str = "the-key-of-the-bench-of-pages";

pub(super) async fn run(args: &BenchPagingArgs) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for rate in args.rates.iter().copied().filter(|r| *r > 0) {
        let dir = std::env::temp_dir().join(format!("firebell-bench-{}-{rate}", std::process::id()));
        let row = one(rate, args.seconds, &dir).await;
        // Whatever came of it, the folder is ours.
        let _ = std::fs::remove_dir_all(&dir);
        let row = row?;
        if !args.json {
            output::line(&said(&row));
        }
        rows.push(row);
    }
    if args.json {
        output::json(&json!({ "runs": rows }));
    }
    Ok(ExitCode::Ok)
}

fn said(row: &Value) -> String {
    let ms = |name: &str, q: &str| row[name][q].as_f64().unwrap_or_default();
    format!(
        "{} incidents a second, {} in all: from the alert being sent to the first call at the receiver p50 {:.0} ms, p99 {:.0} ms, \
         worst {:.0} ms; from the alert being accepted p50 {:.0} ms, p99 {:.0} ms",
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
    let number = message["topic"].as_str().and_then(|t| t.strip_prefix("person-")?.parse::<usize>().ok());
    let mut calls = calls.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = number.and_then(|n| calls.get_mut(n)) {
        first.get_or_insert(now);
    }
    "{\"id\":\"x\"}"
}

async fn one(rate: u32, seconds: u32, dir: &Path) -> anyhow::Result<Value> {
    let count = rate.saturating_mul(seconds).clamp(1, MOST) as usize;
    let calls = Arc::new(Calls(Mutex::new(vec![None; count])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let receiver = format!("http://{}", listener.local_addr()?);
    let app = Router::new().route("/", post(take)).with_state(Arc::clone(&calls));
    let receiving = tokio::spawn(async move { axum::serve(listener, app).await });

    let file = config::parse(&configuration(&receiver)).map_err(anyhow::Error::msg)?;
    let file = config::File {
        roster: firebell_oncall::Roster::from_toml(&roster(count)).context("the roster of the bench")?,
        ..file
    };
    let running = compose::start(&file, "127.0.0.1:0", dir).await?;
    let client = reqwest::Client::new();
    let url = format!("{}/in/bench", running.url);
    // Connections and caches are there before it counts, as they are where alerts come all day.
    let warm = client.post(&url).bearer_auth(KEY).json(&json!({"alerts": []})).send().await;
    drop(warm);
    let begun = Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for n in 0..count {
        let due = begun + Duration::from_secs_f64(n as f64 / f64::from(rate));
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.clone());
        sending.spawn(async move {
            let sent = Instant::now();
            let answer = client.post(&url).bearer_auth(KEY).json(&alert(n)).send().await;
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
    running.stop().await;
    receiving.abort();
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
