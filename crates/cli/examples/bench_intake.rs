//! Accepted alerts a second over the Alertmanager API, for Firebell and for any other server of it, with one and the
//! same client: plain sockets, kept open, one request after the other on each.
//!
//! `bench_intake HOST:PORT PATH KEY|- CONNECTIONS BATCH SECONDS [RATE] [DISTINCT] [TOKEN]`: RATE limits alerts a second
//! over all connections (0: as fast as they go) and prints the latency of answers; DISTINCT bounds how many different
//! alerts there are (0: every alert is new). With TOKEN, a follower on Firebell's event stream measures how long it
//! takes from sending an alert until the incident that it opened or joined can be seen with it. Loopback only.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, key, connections, batch, seconds, rest @ ..] = args.as_slice() else {
        say("usage: bench_intake HOST:PORT PATH KEY|- CONNECTIONS BATCH SECONDS [RATE] [DISTINCT] [TOKEN]");
        std::process::exit(2);
    };
    if !address.starts_with("127.0.0.1:") {
        say("loopback only: give 127.0.0.1:PORT");
        std::process::exit(2);
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("{text:?} is not a number"));
    let (connections, batch, seconds) = (number(connections), number(batch), number(seconds));
    let rate = rest.first().map_or(0, |r| number(r));
    let distinct = rest.get(1).map_or(0, |d| number(d));
    let follower = rest.get(2).map(|token| Follower::start(address, token));
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let lanes: Vec<_> = (0..connections)
        .map(|_| {
            let lane = Lane {
                address: address.clone(),
                path: path.clone(),
                key: key.clone(),
                batch,
                distinct,
                next: Arc::clone(&next),
                pause: (rate > 0)
                    .then(|| Duration::from_secs_f64((connections * batch) as f64 / rate as f64)),
                until,
            };
            std::thread::spawn(move || lane.run())
        })
        .collect();
    let mut latencies: Vec<f64> = Vec::new();
    let mut sent: HashMap<u64, Instant> = HashMap::new();
    let mut refused = 0;
    for lane in lanes {
        let outcome = lane.join().expect("a lane ends");
        latencies.extend(outcome.latencies);
        sent.extend(outcome.sent);
        refused += outcome.refused;
    }
    let took = begun.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    let at = |q: f64| quantile_ms(&latencies, q);
    say(&format!(
        "{:.0} alerts/s accepted ({} requests, {refused} refused), answer p50 {:.2} ms p99 {:.2} ms max {:.2} ms",
        (latencies.len() as u64 * batch) as f64 / took,
        latencies.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    ));
    if let Some(follower) = follower {
        let seen = follower.finish(&sent);
        say(&format!(
            "alert to its incident: {} of {} alerts seen, p50 {:.1} ms p99 {:.1} ms max {:.1} ms",
            seen.len(),
            sent.len(),
            quantile_ms(&seen, 0.5),
            quantile_ms(&seen, 0.99),
            quantile_ms(&seen, 1.0)
        ));
    }
}

/// Of sorted seconds, in milliseconds.
fn quantile_ms(sorted: &[f64], q: f64) -> f64 {
    sorted.get(((sorted.len().max(1) - 1) as f64 * q) as usize).copied().unwrap_or(0.0) * 1e3
}

/// Reads the event stream of all incidents and notes when each event came.
struct Follower {
    address: String,
    token: String,
    came: Arc<Mutex<HashMap<(String, u64), Instant>>>,
}

impl Follower {
    fn start(address: &str, token: &str) -> Self {
        let came = Arc::new(Mutex::new(HashMap::new()));
        let follower = Self { address: address.to_owned(), token: token.to_owned(), came: Arc::clone(&came) };
        let mut stream = follower.ask("/api/v1/events");
        std::thread::spawn(move || {
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap_or(0) > 0 {
                if let Some(data) = line.strip_prefix("data: ")
                    && let Ok(data) = serde_json::from_str::<serde_json::Value>(data.trim())
                    && let (Some(id), Some(version)) =
                        (data["incident"].as_str(), data["entry"]["version"].as_u64())
                {
                    came.lock().expect("held").insert((id.to_owned(), version), Instant::now());
                }
                line.clear();
            }
        });
        follower
    }

    fn ask(&self, path: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        stream.write_all(request.as_bytes()).expect("the server reads");
        BufReader::new(stream)
    }

    /// Seconds from sending to being seen, sorted, of all alerts that were seen.
    fn finish(&self, sent: &HashMap<u64, Instant>) -> Vec<f64> {
        std::thread::sleep(Duration::from_secs(2));
        let came = self.came.lock().expect("held").clone();
        let mut incidents: Vec<&String> = came.keys().map(|(id, _)| id).collect();
        incidents.sort();
        incidents.dedup();
        let mut seen = Vec::new();
        for id in incidents {
            let (status, body) = answer(&mut self.ask(&format!("/api/v1/incidents/{id}/record")));
            assert_eq!(status, 200, "the record of {id}");
            let record: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            for event in record["records"].as_array().into_iter().flatten() {
                let version = event["version"].as_u64().unwrap_or(0);
                let Some(at) = came.get(&(id.clone(), version)) else { continue };
                let alerts = event["event"]["alerts"].as_array().into_iter().flatten();
                for number in alerts.filter_map(|a| a["labels"]["id"].as_str()?.parse().ok()) {
                    if let Some(sent) = sent.get(&number) {
                        seen.push(at.saturating_duration_since(*sent).as_secs_f64());
                    }
                }
            }
        }
        seen.sort_by(f64::total_cmp);
        seen
    }
}

/// What one connection did.
#[derive(Default)]
struct Outcome {
    latencies: Vec<f64>,
    /// Number of an alert to when it was first sent.
    sent: HashMap<u64, Instant>,
    refused: u64,
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

struct Lane {
    address: String,
    path: String,
    key: String,
    batch: u64,
    distinct: u64,
    next: Arc<AtomicU64>,
    pause: Option<Duration>,
    until: Instant,
}

impl Lane {
    fn run(&self) -> Outcome {
        let mut stream = BufReader::new(TcpStream::connect(&self.address).expect("the server listens"));
        let _ = stream.get_ref().set_nodelay(true);
        let mut outcome = Outcome::default();
        let mut due = Instant::now();
        while Instant::now() < self.until {
            if let Some(pause) = self.pause {
                due += pause;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let (request, first) = self.request();
            let sent = Instant::now();
            for id in first..first + self.batch {
                outcome.sent.entry(id).or_insert(sent);
            }
            stream.get_mut().write_all(&request).expect("the server reads");
            if answer(&mut stream).0 == 200 {
                outcome.latencies.push(sent.elapsed().as_secs_f64());
            } else {
                outcome.refused += 1;
            }
        }
        outcome
    }

    /// A request, and the number of its first alert.
    fn request(&self) -> (Vec<u8>, u64) {
        let mut body = String::from("[");
        let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
        for n in 0..self.batch {
            let mut id = first + n;
            if self.distinct > 0 {
                id %= self.distinct;
            }
            if n > 0 {
                body.push(',');
            }
            body.push_str(&format!(
                "{{\"labels\":{{\"alertname\":\"HighErrorRate\",\"service\":\"svc-{}\",\"instance\":\"10.0.{}.{}:9100\",\"id\":\"{id}\",\
                 \"severity\":\"critical\",\"cluster\":\"eu-1\"}},\"annotations\":{{\"summary\":\"5 % of requests fail\",\
                 \"description\":\"the error ratio of the last five minutes is above its limit\"}},\
                 \"generatorURL\":\"http://prometheus.example/graph\"}}",
                id % 7,
                id / 250 % 250,
                id % 250
            ));
        }
        body.push(']');
        let auth =
            if self.key == "-" { String::new() } else { format!("authorization: Bearer {}\r\n", self.key) };
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{auth}content-length: {}\r\n\r\n{body}",
            self.path,
            self.address,
            body.len()
        );
        (request.into_bytes(), first)
    }
}

/// Reads one answer; its status and body.
fn answer(stream: &mut BufReader<TcpStream>) -> (u16, Vec<u8>) {
    let mut status = 0;
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return (0, Vec::new());
        }
        if status == 0 {
            status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    let _ = stream.read_exact(&mut body);
    (status, body)
}
