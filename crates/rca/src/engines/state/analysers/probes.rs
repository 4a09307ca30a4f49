//! Probes against what the container offers: port, protocol, patience.

use super::super::finding::Finding;
use super::super::model::pod::{Container, Probe};
use super::super::view::{Kind, Trouble, View};
use super::{listens, quoted};

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in &v.troubles {
        if !matches!(t.kind, Kind::Crashing | Kind::NotReady) {
            continue;
        }
        for c in &t.spec.containers {
            let ready =
                t.pod.and_then(|p| p.states.iter().find(|s| s.name == c.name)).is_some_and(|s| s.ready);
            if let (Some(p), false) = (&c.readiness, ready) {
                one(v, t, c, p, "readiness", &mut out);
            }
            for p in c.liveness.iter().chain(&c.startup) {
                one(v, t, c, p, "liveness", &mut out);
            }
        }
        if t.spec.containers.is_empty() {
            unseen(v, t, &mut out);
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Port,
    Protocol,
    Timing,
}

fn cause(which: &str, what: What) -> &'static str {
    match (which, what) {
        ("readiness", What::Port) => "kubernetes.readiness_probe_incorrect_port",
        ("readiness", _) => "kubernetes.readiness_probe_incorrect_protocol",
        (_, What::Port) => "kubernetes.liveness_probe_incorrect_port",
        (_, What::Protocol) => "kubernetes.liveness_probe_incorrect_protocol",
        (_, What::Timing) => "kubernetes.liveness_probe_incorrect_timing",
    }
}

/// A probe's port as a number, a named one by the container's ports.
fn port_of(c: &Container, p: &Probe) -> Option<i64> {
    let port = p.port.as_deref().or_else(|| {
        // `grpc_health_probe -addr=:8080` asks a port too.
        p.command
            .iter()
            .find_map(|w| w.rsplit_once(':').map(|w| w.1).filter(|n| n.bytes().all(|b| b.is_ascii_digit())))
    })?;
    port.parse().ok().or_else(|| c.ports.iter().find(|q| q.name == port).map(|q| q.number))
}

/// The handler by what it speaks: an `exec` of `grpc_health_probe` is gRPC.
fn speaks(p: &Probe) -> &str {
    if p.handler == "exec" && p.command.iter().any(|w| w.contains("grpc_health_probe")) {
        "grpc"
    } else {
        &p.handler
    }
}

const PROTOCOL_WORDS: &[&str] = &[
    "malformed http",
    "server gave http response to https client",
    "first record does not look like a tls handshake",
    "client sent an http request to an https server",
    "error reading server preface",
    "http2: ",
    "\\x00",
    "connection reset by peer",
    ": eof",
    "unexpected eof",
    "service unimplemented",
    "unimplemented",
    "statuscode: 415",
    "statuscode: 505",
    "err wrong number of arguments",
    "-err",
    "frame too large",
];

fn one(v: &View<'_>, t: &Trouble<'_>, c: &Container, p: &Probe, which: &str, out: &mut Vec<Finding>) {
    let said = t.said.iter().find(|(s, _)| {
        let lower = s.to_lowercase();
        lower.contains(&format!("{which} probe")) && (lower.contains("failed") || lower.contains("errored"))
            || which == "liveness"
                && (lower.contains("startup probe failed") || lower.contains("failed liveness probe"))
    });
    let text = said.map(|s| s.0.to_lowercase()).unwrap_or_default();
    // A container that dies by itself is not killed by its probe.
    let by_itself = t.kind == Kind::Crashing
        && t.says(&["oomkilled", "starterror", "executable file not found"]).is_some();
    if by_itself || (said.is_none() && which == "liveness" && t.kind != Kind::Crashing) {
        return;
    }
    let crashes = t.kind == Kind::Crashing;
    let ended = t.pod.is_some_and(|pod| {
        pod.states.iter().filter(|s| s.name == c.name).any(|s| {
            s.before.iter().chain(&s.ended).any(|e| matches!(e.code, Some(1 | 2 | 126 | 127 | 128 | 255)))
        })
    });
    // Readiness cannot hold while the container does not run.
    if which == "readiness"
        && crashes
        && t.said.iter().any(|s| s.0.to_lowercase().contains("liveness probe failed"))
        && c.liveness.is_some()
    {
        return;
    }
    let place = v.service(&t.workload);
    let open = listens(v, t, c);
    let asked = port_of(c, p);
    let others: Vec<&Probe> =
        [&c.readiness, &c.liveness, &c.startup].into_iter().flatten().filter(|o| *o != p).collect();
    let off = asked.is_some_and(|a| !open.is_empty() && !open.contains(&a))
        || (p.port.is_some() && asked.is_none() && !c.ports.is_empty());
    let grpc_port = c.ports.iter().any(|q| Some(q.number) == asked && q.name.contains("grpc"));
    let other_speaks = others.iter().find(|o| {
        port_of(c, o) == asked && speaks(o) != speaks(p) && speaks(o) != "exec" && speaks(p) != "exec"
    });
    // Siblings that are built alike tell what is usual for a port name.
    let mismatch = (grpc_port && matches!(speaks(p), "http" | "https"))
        || other_speaks.is_some_and(|o| !(speaks(o) == "tcp" && which == "liveness") || speaks(p) == "grpc")
        || udp_only(c, asked);
    let protocol_said = PROTOCOL_WORDS.iter().any(|w| text.contains(w));
    let refused =
        text.contains("connection refused") || text.contains("connect: ") && !text.contains("timeout");
    let impatient = text.contains("deadline exceeded")
        || text.contains("timeout")
        || text.contains("timed out")
        || text.contains("awaiting headers");
    let same_elsewhere =
        others.iter().any(|o| port_of(c, o) == asked && speaks(o) == speaks(p) && o.path == p.path);
    let tight =
        p.delay <= 3 && (p.failures <= 1 || p.period * p.failures <= 5) || p.timeout <= 1 && p.failures <= 1;
    let ports = if open.is_empty() {
        "none is declared".to_owned()
    } else {
        open.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
    };
    let port = p.port.clone().or(asked.map(|a| a.to_string())).unwrap_or_default();
    let port_text =
        format!("{which} probe of {} asks port {port}, the container listens on {ports}", t.workload);
    let protocol_text = format!(
        "{which} probe of {} speaks {} to port {port}, {}",
        t.workload,
        speaks(p),
        other_speaks.map_or_else(
            || quoted(said.map_or("the application does not", |s| s.0.as_str())),
            |o| format!("which its other probe asks by {}", speaks(o))
        )
    );
    let timing_text = format!(
        "{which} probe of {} waits {} s, then gives up after {} failures {} s apart with a time limit of {} s",
        t.workload, p.delay, p.failures, p.period, p.timeout
    );
    let status = text.contains("statuscode: 4") || text.contains("statuscode: 5");
    let held = said.is_some();
    let (what, weight, reading) = if off && !protocol_said {
        (What::Port, if refused || !held { 0.9 } else { 0.85 }, port_text)
    } else if protocol_said || (mismatch && !refused) {
        (
            What::Protocol,
            if protocol_said && mismatch {
                0.91
            } else if protocol_said {
                0.88
            } else {
                0.84
            },
            protocol_text,
        )
    } else if off {
        (What::Port, 0.8, port_text)
    } else if which == "liveness"
        && held
        && (impatient || (refused && (tight || same_elsewhere)) || tight && !status)
    {
        let weight = if tight {
            0.89
        } else if impatient {
            0.8
        } else {
            0.7
        };
        (What::Timing, weight, timing_text)
    } else if refused {
        // The port is right by all that is shown, and nobody answers there: the application rather than the probe.
        let weight = if open.is_empty() { 0.7 } else { 0.5 };
        (What::Port, weight, port_text)
    } else if mismatch {
        (What::Protocol, 0.8, protocol_text)
    } else if status && held {
        (
            What::Port,
            0.5,
            format!("{which} probe of {} is answered, but not well: {}", t.workload, quoted(&text)),
        )
    } else if which == "liveness" && tight && crashes && !ended {
        (What::Timing, 0.72, timing_text)
    } else if impatient && held {
        (What::Protocol, 0.45, protocol_text)
    } else {
        return;
    };
    // An end with a code of the application's own speaks against a kill.
    let weight = if ended && which == "liveness" && !held { 0.5 * weight } else { weight };
    let weight = if which == "readiness" && crashes && ended { 0.6 * weight } else { weight };
    let cite = said.map_or(&t.cite, |s| &s.1);
    let indicator = if which == "readiness" { "readinessProbe" } else { "livenessProbe" };
    out.push(
        Finding::new(place, cause(which, what), weight * t.sure, indicator, &t.cite, reading)
            .also(Some(cite), said.map_or(String::new(), |s| quoted(&s.0)))
            .also(Some(&t.cite), t.what.clone()),
    );
}

fn udp_only(c: &Container, asked: Option<i64>) -> bool {
    let mut at = c.ports.iter().filter(|q| Some(q.number) == asked).peekable();
    at.peek().is_some() && at.all(|q| q.protocol == "UDP")
}

/// The pod's spec is not shown: only the words of the event are there.
fn unseen(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    for which in ["Readiness", "Liveness"] {
        let Some((text, cite)) = t.said.iter().find(|s| s.0.contains(&format!("{which} probe failed")))
        else {
            continue;
        };
        let lower = text.to_lowercase();
        let which = which.to_lowercase();
        let (what, weight) = if PROTOCOL_WORDS.iter().any(|w| lower.contains(w)) {
            (What::Protocol, 0.75)
        } else if lower.contains("connection refused") {
            (What::Port, 0.65)
        } else if lower.contains("deadline") || lower.contains("timeout") {
            (What::Timing, 0.55)
        } else {
            (What::Port, 0.4)
        };
        out.push(Finding::new(
            v.service(&t.workload),
            cause(&which, what),
            weight,
            "Unhealthy",
            cite,
            quoted(text),
        ));
        return;
    }
}
