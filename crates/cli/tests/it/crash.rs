//! `kill -9` at random moments under load: nothing that was answered is lost, and every effect that the record asks for
//! has reached its receiver under its key. Counted at the receivers, not by what Firebell says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{self, Event, EventRecord, Incident};
use serde_json::{Value, json};

use crate::receiver::{Receiver, Request};
use crate::support::{Server, curl, until};

/// Kills while alerts pour in, while an incident is investigated, and in the middle of an action.
const KILLS: [usize; 3] = [15, 5, 1];
const KEY: &str = "0123456789abcdef";
const PEOPLE: [&str; 2] = ["ada-token-0123456789", "grace-token-0123456789"];

/// A channel: takes everything.
fn room(_: &Request) -> Value {
    json!({})
}

/// A platform with one service.
fn platform(request: &Request) -> Value {
    if request.path.ends_with("/services") {
        return json!({"services": [{"name": "checkout", "component": "service/checkout", "ready": true,
            "version": "1", "versions": ["1"], "replicas": 2, "config": {"db_pool_size": 8}, "flags": {},
            "actions": ["restart", "scale_pool"]}]});
    }
    if request.path.ends_with("/smoke") {
        return json!({"checks": []});
    }
    json!({"status": "done", "output": "as you say",
        "inverse": {"action": "scale_pool", "params": {"size": 8}}})
}

fn config(room: u16, platform: u16) -> String {
    format!(
        r#"
page_channels = ["webhook/room"]
[channels]
internal = ["webhook/room"]
public = ["webhook/room"]
support = ["webhook/room"]
executives = ["webhook/room"]
[[tokens]]
name = "ada"
role = "commander"
token = "{}"
[[tokens]]
name = "grace"
role = "commander"
token = "{}"
[[sources]]
name = "load"
kind = "alertmanager"
key = "{KEY}"
[otlp]
key = "{KEY}"
[[notifiers]]
kind = "webhook"
name = "room"
url = "http://127.0.0.1:{room}/"
secret = "0123456789abcdef0123456789abcdef"
[[platforms]]
name = "production"
url = "http://127.0.0.1:{platform}"
token = "platform-token"
timeout_s = 5
[retry]
base_s = 0.2
max_s = 1.0
jitter = 0.2
max_attempts = 500
[times]
gather_s = 1
agent_deadline_s = 10
recovery_within_s = 3
recovery_hold_s = 1
soak_s = 2
look_again_after_s = 5
baseline_s = 60
step_s = 1
[[people]]
name = "ada"
roles = ["on_call", "incident_commander"]
[[people]]
name = "grace"
roles = ["on_call", "executive"]
[[services]]
name = "checkout"
customer_facing = true
"#,
        PEOPLE[0], PEOPLE[1]
    )
}

fn post(url: &str, bearer: &str, body: &Value) -> bool {
    let (auth, body) = (format!("authorization: Bearer {bearer}"), body.to_string());
    let out = curl(&[
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        &auth,
        "-H",
        "content-type: application/json",
        "-d",
        &body,
        url,
    ]);
    out.stdout == b"200"
}

fn alert(service: &str, instance: &str) -> Value {
    json!([{"labels": {"alertname": "HighErrorRate", "service": service, "instance": instance,
        "severity": "critical"}, "annotations": {"summary": "62 % of requests fail"}}])
}

/// Telemetry of a service whose pool has been full for 40 s.
fn full_pool() -> Value {
    let now = jiff::Timestamp::now().as_second();
    let times = || now - 200..=now;
    let nanos = |t: i64| format!("{t}000000000");
    let bad = |t: i64| t >= now - 40;
    let gauge = |name: &str, value: &dyn Fn(i64) -> i64| {
        let points: Vec<Value> =
            times().map(|t| json!({"timeUnixNano": nanos(t), "asDouble": value(t)})).collect();
        json!({"name": name, "gauge": {"dataPoints": points}})
    };
    let count = |name: &str, status: &str, step: &dyn Fn(i64) -> i64| {
        let attributes = json!([{"key": "status", "value": {"stringValue": status}}]);
        let points: Vec<Value> = times()
            .scan(0, |sum, t| {
                *sum += step(t);
                Some(
                    json!({"timeUnixNano": nanos(t), "startTimeUnixNano": nanos(now - 300), "asDouble": *sum,
                    "attributes": attributes}),
                )
            })
            .collect();
        json!({"name": name, "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points}})
    };
    let metrics = json!([
        gauge("db_pool_size", &|_| 8),
        gauge("db_pool_in_use", &|t| if bad(t) { 8 } else { 2 + t % 2 }),
        gauge("db_pool_waiting", &|t| if bad(t) { 9 + t % 5 } else { 0 }),
        count("db_pool_timeouts_total", "timeout", &|t| if bad(t) { 6 } else { 0 }),
        count("http_requests_total", "200", &|t| if bad(t) { 8 } else { 20 }),
        count("http_requests_total", "500", &|t| if bad(t) { 12 } else { 0 }),
    ]);
    json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
        "scopeMetrics": [{"metrics": metrics}]}]})
}

/// Sends alerts until it is told to stop; remembers what was answered as accepted.
fn load(lane: usize, url: String, stop: Arc<AtomicBool>, accepted: Arc<Mutex<BTreeSet<String>>>) {
    let mut n = 0;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let id = format!("a{lane}-{n}");
        // A few services, so that several incidents run at once.
        if post(&format!("{url}/api/v2/alerts"), KEY, &alert(&format!("s{}", n % 4), &id)) {
            accepted.lock().expect("not poisoned").insert(id);
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn get(url: &str, path: &str) -> Option<Value> {
    let auth = format!("authorization: Bearer {}", PEOPLE[0]);
    serde_json::from_slice(&curl(&["-f", "-H", &auth, &format!("{url}{path}")]).stdout).ok()
}

/// Two people who say go to the first plan that waits, whenever the server is there to hear it.
fn approve(url: &str) -> Option<()> {
    for incident in get(url, "/api/v1/incidents?open=true")?["incidents"].as_array()? {
        if incident["waits_for_approval"] != true {
            continue;
        }
        let path = format!("/api/v1/incidents/{}", incident["id"].as_str()?);
        let shown = get(url, &path)?;
        let plan = shown["incident"]["plans"].as_array()?.iter().find(|p| p["status"] == "proposed")?;
        let go = json!({"plan": plan["hash"], "go": true, "reason": "as discussed"});
        for person in PEOPLE {
            post(&format!("{url}{path}/decisions"), person, &go);
        }
    }
    Some(())
}

/// What the record of one incident says, and how its effects stand.
struct Account {
    records: Vec<EventRecord>,
    rows: BTreeMap<EffectKey, String>,
}

impl Account {
    fn of(url: &str, id: &str) -> Option<Self> {
        let mut answer = get(url, &format!("/api/v1/incidents/{id}/record"))?;
        let rows = answer["effects"]
            .as_array()?
            .iter()
            .map(|e| Some((EffectKey::new(e["key"].as_str()?), e["state"].as_str()?.to_owned())))
            .collect::<Option<_>>()?;
        Some(Self { records: serde_json::from_value(answer["records"].take()).ok()?, rows })
    }

    /// Every effect that the events ask for, folded here, with the event behind it.
    fn asked(&self) -> BTreeMap<EffectKey, (Effect, &EventRecord)> {
        let (mut state, mut all) = (None, BTreeMap::new());
        for record in &self.records {
            incident::apply(&mut state, record);
            let after = state.as_ref().expect("it begins with its opening");
            for (ordinal, effect) in incident::effects(after, record).into_iter().enumerate() {
                all.insert(EffectKey::of(&record.incident, record.version, ordinal), (effect, record));
            }
        }
        all
    }

    fn state(&self) -> Incident {
        incident::fold(&self.records).expect("it begins with its opening")
    }

    fn is_under_way(&self, key: &EffectKey) -> bool {
        matches!(self.rows.get(key).map(String::as_str), Some("waiting" | "leased"))
    }
}

/// All incidents' ids.
fn incidents(url: &str) -> Option<Vec<String>> {
    let list = get(url, "/api/v1/incidents?limit=1000")?;
    let ids = list["incidents"].as_array()?.iter();
    Some(ids.filter_map(|i| i["id"].as_str().map(str::to_owned)).collect())
}

fn accounts(url: &str, ids: &[String]) -> Option<Vec<Account>> {
    ids.iter().map(|id| Account::of(url, id)).collect()
}

/// Keys under which something was really done on the platform. A rehearsal changes nothing.
fn acts(platform: &Receiver) -> Vec<Request> {
    let all = platform.seen().into_iter();
    all.filter(|r| r.path.ends_with("/actions") && r.body["dry_run"] != true).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn nothing_accepted_is_lost_and_every_effect_is_delivered() {
    let dir = tempfile::tempdir().expect("a folder");
    let (room, platform) = (Receiver::start(room), Receiver::start(platform));
    let mut server = Server::start(dir.path(), &config(room.port, platform.port));
    let url = server.url.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let accepted: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let loaders: Vec<_> = (0..2)
        .map(|lane| {
            let (url, stop, accepted) = (url.clone(), Arc::clone(&stop), Arc::clone(&accepted));
            std::thread::spawn(move || load(lane, url, stop, accepted))
        })
        .collect();
    let done = Arc::new(AtomicBool::new(false));
    let people = {
        let (url, done) = (url.clone(), Arc::clone(&done));
        std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                // Where the server does not answer they ask again.
                let _ = approve(&url);
                std::thread::sleep(Duration::from_millis(200));
            }
        })
    };
    // Moments that differ from kill to kill, the same in each run of the test.
    let mut pseudo: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut kill = |server: &mut Server, within: u64| {
        pseudo = pseudo.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(60 + (pseudo >> 33) % within));
        server.kill();
        server.up();
    };
    // Slow to answer, so that kills fall between what has happened and the news of it.
    room.hold(Some(("/", Duration::from_millis(150))));
    for _ in 0..KILLS[0] {
        kill(&mut server, 500);
    }
    // An incident that can be mended, in the middle of it all.
    assert!(post(&format!("{url}/v1/metrics"), KEY, &full_pool()), "telemetry was not taken");
    assert!(post(&format!("{url}/api/v2/alerts"), KEY, &alert("checkout", "mended")));
    accepted.lock().expect("not poisoned").insert("mended".to_owned());
    platform.hold(Some(("/actions", Duration::from_secs(2))));
    for _ in 0..KILLS[1] {
        kill(&mut server, 1500);
    }
    stop.store(true, Ordering::Relaxed);
    for loader in loaders {
        loader.join().expect("the loader ends");
    }
    // It has happened, and nobody at home knows.
    let before = acts(&platform).len();
    let key = until("an action reaches the platform", 180, || acts(&platform).get(before).cloned());
    for _ in 0..KILLS[2] {
        server.kill();
        server.up();
    }
    platform.hold(None);
    room.hold(None);
    let key = text(&key.body["key"]);
    until("the action is told again under its key", 180, || {
        (acts(&platform).iter().filter(|r| r.body["key"] == json!(key)).count() > 1).then_some(())
    });

    let accepted = accepted.lock().expect("not poisoned").clone();
    assert!(accepted.len() > 50, "the load was too light: {}", accepted.len());
    let stored = until("every accepted alert is there", 60, || {
        let list = server.json(&["alert", "list", "--all", "--limit", "100000"]);
        let there: BTreeSet<String> = list["alerts"]
            .as_array()?
            .iter()
            .filter_map(|a| a["labels"]["instance"].as_str().map(str::to_owned))
            .collect();
        accepted.is_subset(&there).then_some(there)
    });
    let kills: usize = KILLS.iter().sum();
    println!("{} accepted, {} stored, {kills} kills", accepted.len(), stored.len());

    // A message that is on its way when its incident ends may find it over; so first all of them go out.
    let ids = until("incidents are there", 30, || incidents(&url).filter(|ids| ids.len() > 2));
    until("every message is delivered", 180, || {
        let waits = accounts(&url, &ids)?.iter().any(|account| {
            let message = |e: &Effect| matches!(e, Effect::Send { .. } | Effect::Page { .. });
            account.asked().iter().any(|(key, (effect, _))| message(effect) && account.is_under_way(key))
        });
        (!waits).then_some(())
    });
    done.store(true, Ordering::Relaxed);
    people.join().expect("they go home");
    for id in &ids {
        // One that acts in production may not be ended before its outcome is known.
        until("the incident is over", 120, || {
            let over = !server.json(&["incident", "show", id])["incident"]["resolved_at"].is_null();
            (over || server.asked(&["incident", "resolve", id, "--summary", "over"]).is_ok()).then_some(())
        });
    }
    let all = until("the outbox is empty and all is closed", 240, || {
        let all = accounts(&url, &ids)?;
        let over = all.iter().all(|account| {
            let closed = account.state().closed_at.is_some();
            closed && !account.rows.keys().any(|key| account.is_under_way(key))
        });
        over.then_some(all)
    });
    assert_eq!(incidents(&url).expect("a list").len(), ids.len(), "an incident was opened after the load");

    let (messages, acts) = (room.seen(), acts(&platform));
    let told: BTreeSet<String> = messages.iter().filter_map(|r| r.key.clone()).collect();
    let mut acted: BTreeMap<String, Value> = BTreeMap::new();
    for act in &acts {
        let first = acted.entry(text(&act.body["key"])).or_insert_with(|| act.body.clone());
        assert_eq!(*first, act.body, "one key, two actions");
    }
    let (mut asked_of_room, mut asked_of_platform) = (BTreeSet::new(), BTreeSet::new());
    for account in &all {
        let (state, asked) = (account.state(), account.asked());
        let rows: BTreeSet<&EffectKey> = account.rows.keys().collect();
        assert_eq!(rows, asked.keys().collect(), "the outbox of {} and its events differ", state.id);
        for (key, (effect, record)) in &asked {
            assert_eq!(account.rows.get(key).map(String::as_str), Some("done"), "{key} {effect:?}");
            let name = key.as_str().to_owned();
            match effect {
                Effect::Send { .. } => {
                    assert!(told.contains(&name), "{name} {effect:?} never arrived");
                    asked_of_room.insert(name);
                }
                Effect::Page { .. } | Effect::Reach(_) | Effect::Announce { .. } => {
                    // Nobody is called to what is over: only a page of its last moment may have stayed at home.
                    let last =
                        state.resolved_at.is_some_and(|end| record.at.duration_since(end).as_secs() >= -2);
                    assert!(last || told.contains(&name), "{name} {effect:?} never arrived");
                    asked_of_room.insert(name);
                }
                Effect::Act { .. } => {
                    assert!(acted.contains_key(&name), "{name} {effect:?} never arrived");
                    asked_of_platform.insert(name);
                }
                Effect::RunAgent { run, .. } => {
                    let ends = account.records.iter().filter(|r| match &r.event {
                        Event::AgentReported { run: of, .. } | Event::AgentFailed { run: of, .. } => {
                            of == run
                        }
                        _ => false,
                    });
                    assert_eq!(ends.count(), 1, "{name}: {run} ended more than once, or never");
                }
                // No chat and no tracker is configured in this company.
                Effect::Room(_) | Effect::Issue(_) => panic!("{name}: {effect:?} that nobody asked for"),
                Effect::ArchiveBundle | Effect::WritePostmortem | Effect::DraftUpdate { .. } => {}
            }
        }
        let drafts = asked.values().filter(|(e, _)| matches!(e, Effect::DraftUpdate { .. })).count();
        assert_eq!(state.updates.len(), drafts, "each update of {} was posted once", state.id);
        let data = &server.data;
        for file in state.bundle.iter().chain(state.postmortem.iter().flat_map(|(a, b)| [a, b])) {
            assert!(data.join(file).exists(), "{file} of {} was not written", state.id);
        }
        let replay = server.json(&["incident", "replay", state.id.as_str()]);
        assert_eq!(replay["same"], true, "{replay}");
    }
    assert!(told.is_subset(&asked_of_room), "messages that nobody asked for: {told:?}");
    let acted: BTreeSet<String> = acted.into_keys().collect();
    assert_eq!(acted, asked_of_platform, "actions that nobody asked for");
    let dead = server.json(&["dead-letter", "list"]);
    assert_eq!(dead["effects"].as_array().map(Vec::len), Some(0), "{dead}");
    println!(
        "{} requests for {} messages, {} for {} actions, {} incidents",
        messages.len(),
        told.len(),
        acts.len(),
        acted.len(),
        ids.len()
    );
    assert!(messages.len() >= told.len() && acts.len() > acted.len(), "the kill hit no action");
}
