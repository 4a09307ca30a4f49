//! A secret in each intake, and none on the disk of the server: neither in its database nor in what it wrote beside it.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Server, curl, until};

const KINDS: [&str; 8] =
    ["alertmanager", "pagerduty", "grafana", "generic", "cdevents", "github", "change", "report"];

fn key(kind: &str) -> String {
    format!("0123456789abcdef-{kind}")
}

fn config() -> String {
    let mut toml = String::new();
    for kind in KINDS {
        toml += &format!("[[sources]]\nname = \"{kind}\"\nkind = \"{kind}\"\nkey = \"{}\"\n", key(kind));
        if kind == "generic" {
            toml += "[sources.mapping]\nitems = \"$.alerts\"\nname = \"$.title\"\nall_labels = \"$.tags\"\n";
        }
    }
    toml + "[otlp]\nkey = \"0123456789abcdef-otlp\"\n"
}

/// A text with a secret of each sort; the sender's name is in each, so that a leak names its way in.
fn careless(kind: &str) -> String {
    format!(
        "sign-in of {kind}.ann@example.com failed: password={kind}-hunter2 card 4111 1111 1111 1111 Authorization: Bearer \
         {kind}.abc.def123 key kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0{kind}"
    )
}

/// Pieces of secrets that are nowhere.
fn secrets(kind: &str) -> [String; 5] {
    [
        format!("{kind}.ann@"),
        format!("{kind}-hunter2"),
        "4111 1111 1111 1111".to_owned(),
        format!("{kind}.abc.def123"),
        format!("kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0{kind}"),
    ]
}

/// Whether a file below the folder holds these bytes; which.
fn holding(dir: &Path, bytes: &[u8]) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        let found = if path.is_dir() {
            holding(&path, bytes)
        } else {
            let text = std::fs::read(&path).unwrap_or_default();
            text.windows(bytes.len()).any(|w| w == bytes).then_some(path)
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn post(server: &Server, path: &str, key: &str, body: &Value) {
    let file = server.data.parent().expect("a folder").join("body");
    std::fs::write(&file, body.to_string()).expect("written");
    let (auth, data) = (format!("authorization: Bearer {key}"), format!("@{}", file.display()));
    let url = format!("{}{path}", server.url);
    let out = curl(&[
        "-w",
        "\n%{http_code}",
        "-H",
        &auth,
        "-H",
        "content-type: application/json",
        "--data-binary",
        &data,
        &url,
    ]);
    std::fs::remove_file(&file).expect("removed");
    let out = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.rsplit_once('\n').is_some_and(|(_, code)| code.starts_with('2')), "{path}: {out}");
}

#[test]
fn a_secret_in_each_intake_is_nowhere_on_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(dir.path(), &config());
    let now = jiff::Timestamp::now();
    let at = now.to_string();
    let alert = |kind: &str| {
        json!({"status": "firing", "startsAt": at, "labels": {"alertname": format!("Of{kind}"), "instance": "10.0.3.17:9100",
            "user": format!("{kind}.ann@example.com"), "api_key": format!("{kind}-hunter2"), "note": careless(kind)},
            "annotations": {"summary": careless(kind)}, "generatorURL": format!("http://p.example/?token={kind}-hunter2")})
    };
    let bodies = |kind: &str| -> Vec<Value> {
        match kind {
            "alertmanager" => vec![
                json!({"version": "4", "status": "firing", "groupKey": format!("{{}}:{{user=\"{kind}.ann@example.com\"}}"),
                "alerts": [alert(kind)]}),
            ],
            "grafana" => vec![json!({"version": "1", "alerts": [alert(kind)]})],
            "generic" => {
                vec![json!({"alerts": [{"title": format!("Of{kind}"), "tags": {"note": careless(kind)}}]})]
            }
            "pagerduty" => vec![
                json!({"event_action": "trigger", "routing_key": key(kind), "dedup_key": format!("{kind}.ann@example.com"),
                    "payload": {"summary": careless(kind), "severity": "critical", "source": "10.0.3.17",
                        "custom_details": {"password": format!("{kind}-hunter2"), "text": careless(kind)}}}),
                json!({"routing_key": key(kind), "payload": {"summary": careless(kind), "timestamp": at,
                    "custom_details": {"kind": "config", "service": "web", "by": "jo@example.org", "to": careless(kind)}}}),
            ],
            "cdevents" => {
                let event = |what: &str, content: Value| {
                    json!({"context": {"version": "0.4.1", "id": format!("{what}-1"), "source": "/deployer/prod",
                        "type": format!("dev.cdevents.{what}.0.1.0"), "timestamp": at},
                        "subject": {"id": "shop/web", "source": "/deployer/prod", "type": "x", "content": content}})
                };
                vec![
                    event(
                        "incident.detected",
                        json!({"description": careless(kind), "service": {"id": "web"}}),
                    ),
                    event(
                        "service.deployed",
                        json!({"environment": {"id": careless(kind)}, "artifactId": "pkg:oci/web@v2"}),
                    ),
                ]
            }
            "github" => vec![
                json!({"deployment_status": {"state": "success", "description": careless(kind), "created_at": at,
                    "creator": {"login": "jo@example.org"}},
                "deployment": {"id": 145, "sha": "a10867b14bb761a232cd80139fbd4c0d33264240", "ref": "v2.4.1", "payload": {}},
                "repository": {"name": "web"}}),
            ],
            "change" => {
                vec![json!({"kind": "config", "at": at, "component": "service/web", "by": "jo@example.org",
                "summary": careless(kind), "from": format!("password={kind}-hunter2"), "to": careless(kind), "files": ["web.yaml"],
                "diff": format!("--- a/web.yaml\n+++ b/web.yaml\n@@ -1 +1 @@\n-password: x\n+password: {kind}-hunter2\n+note: {}\n", careless(kind))})]
            }
            _ => vec![json!({"title": careless(kind), "text": careless(kind), "reporter": "jo@example.org"})],
        }
    };
    for kind in KINDS {
        for body in bodies(kind) {
            post(&server, &format!("/in/{kind}"), &key(kind), &body);
        }
    }
    let nanos = (now.as_nanosecond() - 1_000_000_000).to_string();
    let label = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let resource = json!({"attributes": [label("service.name", "web")]});
    post(
        &server,
        "/v1/metrics",
        "0123456789abcdef-otlp",
        &json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [
        {"metrics": [{"name": "logins", "gauge": {"dataPoints": [{"timeUnixNano": nanos, "asDouble": 1, "attributes": [
            label("user", "otlp.ann@example.com"), label("api_key", "otlp-hunter2"), label("note", &careless("otlp"))]}]}}]}]}]}),
    );
    let token = server.json(&["token"])["token"].as_str().expect("a token").to_owned();
    let get = |path: &str| -> Value {
        let out = curl(&["-H", &format!("authorization: Bearer {token}"), &format!("{}{path}", server.url)]);
        serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
    };
    // All of it is taken in.
    let (alerts, changes, incidents) = until("all is taken in", 30, || {
        let list = |path: &str, what: &str| get(path)[what].as_array().cloned().unwrap_or_default();
        let (alerts, changes) = (list("/api/v1/alerts", "alerts"), list("/api/v1/changes", "changes"));
        let incidents = get("/api/v1/incidents").to_string();
        (alerts.len() == 5 && changes.len() == 4 && incidents.contains("mail-"))
            .then_some((alerts, changes, incidents))
    });
    let shown = format!("{alerts:?}{changes:?}{incidents}");
    assert!(
        shown.contains("10.0.3.17:9100") && shown.contains("a10867b14bb761a232cd80139fbd4c0d33264240"),
        "{shown}"
    );
    // A repeat is the same alert, a resolve ends it, though what is stored reads otherwise.
    let mut resolved = alert("alertmanager");
    resolved["status"] = json!("resolved");
    resolved["endsAt"] = json!(at);
    post(
        &server,
        "/in/alertmanager",
        &key("alertmanager"),
        &json!({"version": "4", "status": "resolved", "alerts": [resolved]}),
    );
    let resolve = json!({"event_action": "resolve", "routing_key": key("pagerduty"), "dedup_key": "pagerduty.ann@example.com"});
    post(&server, "/in/pagerduty", &key("pagerduty"), &resolve);
    until("both have ended", 30, || {
        let alerts = get("/api/v1/alerts")["alerts"].as_array().cloned().unwrap_or_default();
        let firing = alerts.iter().filter(|a| a["firing"] == true).count();
        (alerts.len() == 5 && firing == 3).then_some(())
    });
    server.kill();
    for kind in KINDS.into_iter().chain(["otlp"]) {
        for secret in secrets(kind) {
            if let Some(path) = holding(dir.path(), secret.as_bytes()) {
                panic!("{secret:?} is in {}", path.display());
            }
        }
    }
    assert!(holding(dir.path(), b"[secret]").is_some() && holding(dir.path(), b"10.0.3.17:9100").is_some());
}
