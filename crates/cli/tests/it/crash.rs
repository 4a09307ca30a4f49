//! `kill -9` at random moments under load: nothing that was answered is lost, every effect is delivered.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Server, curl, free_port, until};

const KILLS: usize = 20;
const KEY: &str = "0123456789abcdef";

/// A webhook receiver that remembers which keys it saw.
fn receiver(port: u16, seen: Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("listens");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let mut bytes = Vec::new();
                let mut part = [0u8; 4096];
                loop {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    if let Some((head, body)) = text.split_once("\r\n\r\n") {
                        let header = |name: &str| {
                            head.lines().find_map(|l| {
                                let (n, v) = l.split_once(':')?;
                                n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
                            })
                        };
                        let length: usize =
                            header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
                        if body.len() >= length {
                            if let Some(key) = header("idempotency-key") {
                                seen.lock().expect("not poisoned").push(key);
                            }
                            let _ = stream.write_all(
                                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                            );
                            return;
                        }
                    }
                    match stream.read(&mut part) {
                        Ok(n) if n > 0 => bytes.extend_from_slice(&part[..n]),
                        _ => return,
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_accepted_is_lost_and_every_effect_is_delivered() {
    let dir = tempfile::tempdir().expect("a folder");
    let hook = free_port();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    receiver(hook, Arc::clone(&seen));
    let config = format!(
        r#"
page_channels = ["webhook/room"]
[channels]
internal = ["webhook/room"]
support = ["webhook/room"]
executives = ["webhook/room"]
[[sources]]
name = "load"
kind = "alertmanager"
key = "{KEY}"
[[notifiers]]
kind = "webhook"
name = "room"
url = "http://127.0.0.1:{hook}/"
secret = "0123456789abcdef0123456789abcdef"
[retry]
base_s = 0.2
max_s = 1.0
jitter = 0.2
max_attempts = 500
[times]
gather_s = 1
look_again_after_s = 600
[[people]]
name = "Ada"
roles = ["on_call", "incident_commander"]
[[services]]
name = "checkout"
customer_facing = true
"#
    );
    let mut server = Server::start(dir.path(), &config);
    let stop = Arc::new(AtomicBool::new(false));
    let accepted: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let loaders: Vec<_> = (0..2)
        .map(|lane| {
            let (stop, accepted, url) = (Arc::clone(&stop), Arc::clone(&accepted), server.url.clone());
            std::thread::spawn(move || {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    n += 1;
                    let id = format!("a{lane}-{n}");
                    // A few services, so that several incidents run at once.
                    let labels = json!({"alertname": "HighErrorRate", "service": format!("s{}", n % 4), "instance": id,
                        "severity": "critical"});
                    let body = json!([{"labels": labels, "annotations": {"summary": "62 % of requests fail"}}]).to_string();
                    let out = curl(&[
                        "-o", "/dev/null", "-w", "%{http_code}", "-H", &format!("authorization: Bearer {KEY}"),
                        "-H", "content-type: application/json", "-d", &body, &format!("{url}/api/v2/alerts"),
                    ]);
                    if out.stdout == b"200" {
                        accepted.lock().expect("not poisoned").insert(id);
                    } else {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            })
        })
        .collect();
    // Moments that differ from kill to kill, the same in each run of the test.
    let mut pseudo: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..KILLS {
        pseudo = pseudo.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(60 + (pseudo >> 33) % 500));
        server.kill();
        server.up();
    }
    let settle = Instant::now() + Duration::from_secs(2);
    while Instant::now() < settle {
        std::thread::sleep(Duration::from_millis(100));
    }
    stop.store(true, Ordering::Relaxed);
    for loader in loaders {
        loader.join().expect("the loader ends");
    }
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
    println!("{} accepted, {} stored, {KILLS} kills", accepted.len(), stored.len());

    // Every update and page that the record says must have gone out has: no effect waits, none was given up.
    let incidents = server.json(&["incident", "list", "--all"]);
    let ids: Vec<String> = incidents["incidents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|i| i["id"].as_str().map(str::to_owned))
        .collect();
    assert!(!ids.is_empty());
    let delivered = until("every effect is delivered", 60, || {
        let mut keys = BTreeSet::new();
        for id in &ids {
            let shown = server.json(&["incident", "show", id]);
            for update in shown["incident"]["updates"].as_array()? {
                if update["channels"].as_array()?.len() != update["delivered"].as_array()?.len() {
                    return None;
                }
            }
            keys.insert(id.clone());
        }
        Some(keys)
    });
    assert_eq!(delivered.len(), ids.len());
    let dead = server.json(&["dead-letter", "list"]);
    assert_eq!(dead["effects"].as_array().map(Vec::len), Some(0), "{dead}");
    let seen = seen.lock().expect("not poisoned").clone();
    let once: BTreeSet<&String> = seen.iter().collect();
    println!("{} deliveries of {} effects", seen.len(), once.len());
    assert!(!once.is_empty());
    for id in &ids {
        assert!(once.iter().any(|key| key.starts_with(id.as_str())), "nothing of {id} was delivered");
    }
}
