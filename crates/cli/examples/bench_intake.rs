//! Accepted alerts a second over the Alertmanager API, for Firebell and for any other server of it, with one and the
//! same client: plain sockets, kept open, one request after the other on each.
//!
//! `bench_intake HOST:PORT PATH KEY|- CONNECTIONS BATCH SECONDS [RATE] [DISTINCT]`: RATE limits alerts a second over
//! all connections (0: as fast as they go) and prints the latency of answers; DISTINCT bounds how many different
//! alerts there are (0: every alert is new). Talks to loopback only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, key, connections, batch, seconds, rest @ ..] = args.as_slice() else {
        say("usage: bench_intake HOST:PORT PATH KEY|- CONNECTIONS BATCH SECONDS [RATE] [DISTINCT]");
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
    let mut refused = 0;
    for lane in lanes {
        let (mine, bad) = lane.join().expect("a lane ends");
        latencies.extend(mine);
        refused += bad;
    }
    let took = begun.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    let at = |q: f64| {
        latencies.get(((latencies.len().max(1) - 1) as f64 * q) as usize).copied().unwrap_or(0.0) * 1e3
    };
    say(&format!(
        "{:.0} alerts/s accepted ({} requests, {refused} refused), answer p50 {:.2} ms p99 {:.2} ms max {:.2} ms",
        (latencies.len() as u64 * batch) as f64 / took,
        latencies.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    ));
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
    fn run(&self) -> (Vec<f64>, u64) {
        let mut stream = BufReader::new(TcpStream::connect(&self.address).expect("the server listens"));
        let _ = stream.get_ref().set_nodelay(true);
        let mut latencies = Vec::new();
        let mut refused = 0;
        let mut due = Instant::now();
        while Instant::now() < self.until {
            if let Some(pause) = self.pause {
                due += pause;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let request = self.request();
            let sent = Instant::now();
            stream.get_mut().write_all(&request).expect("the server reads");
            if answer(&mut stream) == 200 {
                latencies.push(sent.elapsed().as_secs_f64());
            } else {
                refused += 1;
            }
        }
        (latencies, refused)
    }

    fn request(&self) -> Vec<u8> {
        let mut body = String::from("[");
        for n in 0..self.batch {
            let mut id = self.next.fetch_add(1, Ordering::Relaxed);
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
        format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{auth}content-length: {}\r\n\r\n{body}",
            self.path,
            self.address,
            body.len()
        )
        .into_bytes()
    }
}

/// Reads one answer; its status.
fn answer(stream: &mut BufReader<TcpStream>) -> u16 {
    let mut status = 0;
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return 0;
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
    status
}
