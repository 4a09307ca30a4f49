//! The whole path with real components: Debian's Prometheus scrapes the shop, a rule fires, Debian's Alertmanager posts
//! to Firebell, the investigation queries that Prometheus; and a Prometheus that names Firebell as its Alertmanager.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Process, Server, curl, firebell, free_port, installed, until};

const KEY: &str = "0123456789abcdef";
const TOKEN_A: &str = "ada-token-0123456789";
const TOKEN_B: &str = "grace-token-0123456789";

fn quiet(command: &mut Command) -> Process {
    Process(
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"),
    )
}

struct Company {
    _shop: Process,
    addresses: Value,
}

/// The shop with its own alerts off: the real Prometheus watches. It does not report to Firebell but by what a real
/// deployment would send: changes and telemetry.
fn company(dir: &Path, firebell_url: &str) -> Company {
    let state = dir.join("shop");
    std::fs::create_dir_all(&state).expect("made");
    let door = |path: &str| json!({"url": format!("{firebell_url}{path}"), "bearer": KEY});
    let options = json!({"seed": 5, "state_dir": state, "platform_token": "platform-token", "otlp": door(""),
        "changes": door("/in/deploys"), "alerts": null, "reports": door("/in/nowhere")});
    let file = dir.join("shop.json");
    std::fs::write(&file, options.to_string()).expect("written");
    let shop = Process(
        firebell()
            .args(["shop", "--options"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts"),
    );
    let addresses = until("the shop is up", 30, || {
        serde_json::from_slice(&std::fs::read(state.join("addresses.json")).ok()?).ok()
    });
    Company { _shop: shop, addresses }
}

fn scrape(addresses: &Value) -> String {
    let mut text =
        String::from("scrape_configs:\n- job_name: shop\n  honor_labels: true\n  static_configs:\n");
    for (service, url) in addresses["services"].as_object().expect("services") {
        let target = url.as_str().expect("an address").trim_start_matches("http://");
        text.push_str(&format!("  - targets: [\"{target}\"]\n    labels: {{service: {service}}}\n"));
    }
    text
}

fn prometheus(dir: &Path, port: u16, config: &str) -> Process {
    std::fs::write(dir.join("prometheus.yml"), config).expect("written");
    let process = quiet(
        Command::new("prometheus")
            .arg(format!("--config.file={}", dir.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            // Its Alertmanagers are found seconds after the first alert.
            .arg("--rules.alert.resend-delay=2s")
            .arg(format!("--web.listen-address=127.0.0.1:{port}")),
    );
    let url = format!("http://127.0.0.1:{port}/-/ready");
    until("prometheus is ready", 30, || curl(&["-f", &url]).status.success().then_some(()));
    process
}

#[test]
fn a_real_prometheus_and_alertmanager_drive_an_incident_to_its_end() {
    if !installed("prometheus") || !installed("prometheus-alertmanager") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let (prom, am) = (free_port(), free_port());
    let fixed = free_port();
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:{fixed}"
[[tokens]]
name = "Ada"
role = "commander"
token = "{TOKEN_A}"
[[tokens]]
name = "Grace"
role = "commander"
token = "{TOKEN_B}"
[[sources]]
name = "alertmanager"
kind = "alertmanager"
key = "{KEY}"
[[sources]]
name = "deploys"
kind = "change"
key = "{KEY}2"
[[telemetry]]
kind = "prometheus"
name = "main"
url = "http://127.0.0.1:{prom}"
[[platforms]]
name = "shop"
url = "PLATFORM"
token = "platform-token"
[otlp]
key = "{KEY}"
[times]
agent_deadline_s = 60
gather_s = 12
reassess_after_s = 10
recovery_within_s = 60
recovery_hold_s = 4
soak_s = 8
look_again_after_s = 8
baseline_s = 60
step_s = 1
[[services]]
name = "gateway"
customer_facing = true
depends_on = ["checkout", "catalog", "accounts"]
[[services]]
name = "checkout"
customer_facing = true
revenue = true
depends_on = ["inventory", "payments", "accounts", "notifications"]
slo_availability = 0.99
[[services]]
name = "catalog"
customer_facing = true
slo_latency_p95_ms = 400.0
[[services]]
name = "accounts"
[[services]]
name = "inventory"
[[services]]
name = "payments"
[[services]]
name = "notifications"
[[people]]
name = "Ada"
roles = ["on_call"]
[[people]]
name = "Grace"
roles = ["incident_commander"]
"#
    );
    // The shop needs to know the server's address, the server the platform's: the shop is started first.
    let probe = company(dir.path(), &format!("http://127.0.0.1:{fixed}"));
    let platform = probe.addresses["platform"].as_str().expect("an address").to_owned();
    let mut server = Server::start(dir.path(), &config.replace("PLATFORM", &platform));
    // Telemetry and changes go to the fixed address; the server under test listens there.
    server.kill();
    let log = std::fs::File::create(dir.path().join("server2.log")).expect("a log");
    let _fixed = Process(
        firebell()
            .args(["serve", "--config"])
            .arg(dir.path().join("firebell.toml"))
            .arg("--data")
            .arg(&server.data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it starts"),
    );
    let base = format!("http://127.0.0.1:{fixed}");
    until("the server answers", 30, || {
        curl(&["-f", &format!("{base}/healthz")]).status.success().then_some(())
    });

    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../shop/prometheus-rules.yml");
    let _prometheus = prometheus(
        dir.path(),
        prom,
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{rules}\"]\nalerting:\n  alertmanagers:\n  - \
             static_configs: [{{targets: [\"127.0.0.1:{am}\"]}}]\n{}",
            scrape(&probe.addresses)
        ),
    );
    std::fs::write(
        dir.path().join("am.yml"),
        format!(
            "route: {{receiver: firebell, group_wait: 0s, group_interval: 1s, repeat_interval: 5s, group_by: ['...']}}\nreceivers:\n- name: \
             firebell\n  webhook_configs:\n  - url: {base}/in/alertmanager\n    send_resolved: true\n    http_config: {{authorization: \
             {{credentials: {KEY}}}}}\n"
        ),
    )
    .expect("written");
    let _alertmanager = quiet(
        Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", dir.path().join("am.yml").display()))
            .arg(format!("--storage.path={}", dir.path().join("am").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{am}"))
            .arg("--cluster.listen-address="),
    );
    // Normal life, as Prometheus sees it: half a minute of samples.
    until("prometheus has samples", 60, || {
        let out =
            curl(&[&format!("http://127.0.0.1:{prom}/api/v1/query?query=count_over_time(up%5B2m%5D)%3E30")]);
        let answer: Value = serde_json::from_slice(&out.stdout).ok()?;
        (answer["data"]["result"].as_array()?.len() >= 7).then_some(())
    });
    let inject = curl(&[
        "-f",
        "-H",
        "authorization: Bearer platform-token",
        "-H",
        "content-type: application/json",
        "-d",
        r#"{"name": "connection-pool-exhaustion"}"#,
        &format!("{platform}/control/v1/faults"),
    ]);
    assert!(inject.status.success());

    let get = |path: &str| -> Option<Value> {
        let out = curl(&["-f", "-H", &format!("authorization: Bearer {TOKEN_A}"), &format!("{base}{path}")]);
        serde_json::from_slice(&out.stdout).ok()
    };
    let id = until("an incident is opened by the alert", 60, || {
        get("/api/v1/incidents")?["incidents"].as_array()?.last()?["id"].as_str().map(str::to_owned)
    });
    let path = format!("/api/v1/incidents/{id}");
    let incident = until("it is resolved and verified", 240, || {
        let incident = get(&path)?["incident"].take();
        let waiting = incident["plans"].as_array()?.iter().find(|p| p["status"] == "proposed");
        if let Some(plan) = waiting {
            let body = json!({"plan": plan["hash"], "go": true, "reason": "clear"}).to_string();
            for token in [TOKEN_A, TOKEN_B] {
                curl(&[
                    "-H",
                    &format!("authorization: Bearer {token}"),
                    "-H",
                    "content-type: application/json",
                    "-d",
                    &body,
                    &format!("{base}{path}/decisions"),
                ]);
            }
        }
        (incident["status"] == "resolved").then_some(incident)
    });
    assert_eq!(incident["verified"], true);
    let leader = &incident["verdict"]["hypotheses"][0];
    assert_eq!(
        (leader["cause"].as_str(), leader["component"].as_str()),
        (Some("saturation.connection_pool"), Some("service/checkout"))
    );
    let asked =
        incident["evidence"].as_array().expect("evidence").iter().any(|e| e["source"] == "prometheus/main");
    assert!(asked, "the investigation did not query that Prometheus");
}

#[test]
fn a_prometheus_can_name_firebell_as_its_alertmanager() {
    if !installed("prometheus") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let config = format!("[[sources]]\nname = \"am\"\nkind = \"alertmanager\"\nkey = \"{KEY}\"\n");
    let server = Server::start(dir.path(), &config);
    let rules = dir.path().join("rules.yml");
    std::fs::write(
        &rules,
        "groups:\n- name: g\n  rules:\n  - alert: AlwaysFiring\n    expr: vector(1)\n    labels: {severity: critical, service: checkout}\n",
    )
    .expect("written");
    let target = server.url.trim_start_matches("http://").to_owned();
    let port = free_port();
    let _prometheus = prometheus(
        dir.path(),
        port,
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{}\"]\nalerting:\n  alertmanagers:\n  - authorization: \
             {{credentials: {KEY}}}\n    static_configs: [{{targets: [\"{target}\"]}}]\n",
            rules.display()
        ),
    );
    until("the alert arrives and opens an incident", 60, || {
        let list = server.json(&["incident", "list"]);
        (!list["incidents"].as_array()?.is_empty()).then_some(())
    });
}
