//! Metrics: what shifted, against which limit, and which mechanism that speaks for.
//!
//! Looks for: levels that moved with the onset, each read by the kind of its series ([`crate::series::kinds`]) and by which
//! side of a call it measures; shares of known limits, throttling, climbs, and series that end. Assumes: names and labels
//! that tell kinds and components; one onset for all ([`crate::frame`]); strengths compare within one case alone. Cost: one
//! pass over the features, whose points were read when the case was made. Golden cases: `tests/faults.rs`,
//! `tests/shapes.rs`, `tests/noise.rs`, `tests/season.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::series::features::Feature;
use crate::series::kinds::{Kind, is_loss};
use crate::series::stats::{self, Climb, Shift};
use crate::signal::{Modality, Role, Signal};

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    // Strengths are compared inside a case: the largest move of a kind is the yardstick for the others.
    let widest = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.series.is_some() && !f.component.is_empty())
        .filter_map(|(_, s)| s.map(|s| s.z.abs() * s.sustained))
        .fold(3.0f64, f64::max)
        .min(1e5);
    let volume = Volumes::measure(case);
    let filled = memory_filled(case);
    let mut out = Vec::new();
    for (f, s) in case.features.iter().zip(&case.shifts) {
        let (Some(s), false) = (s, f.component.is_empty()) else { continue };
        read(case, f, s, widest, volume.share(f, s), &filled, &mut out);
    }
    vanished(case, &mut out);
    out
}

/// Where so little of a processor is used, hardly anything waits for it.
const IDLE_CORES: f64 = 0.1;

fn read(
    case: &Case<'_>,
    f: &Feature,
    s: &Shift,
    widest: f64,
    volume: f64,
    filled: &BTreeSet<&str>,
    out: &mut Vec<Signal>,
) {
    let up = s.z > 0.0;
    let relative = (s.z.abs() * s.sustained).ln_1p() / widest.ln_1p();
    let plain = s.strength() * case.sure(f);
    // People complain of one sort of harm: the other sort elsewhere is less likely to be what they feel.
    let fits = match (f.kind, case.complaint) {
        (Kind::Latency, (false, true)) | (Kind::Errors | Kind::Availability, (true, false)) => 0.45,
        _ => 1.0,
    };
    let strength = fits * volume * plain * (0.45 + 0.55 * relative.clamp(0.0, 1.0));
    let mut push = |component: &str, cause: &'static str, role: Role, weight: f64, reading: String| {
        if weight > 0.02 {
            out.push(Signal {
                component: component.to_owned(),
                cause,
                modality: if f.series.is_some() { Modality::Metrics } else { Modality::Logs },
                role,
                weight: weight.min(1.0),
                onset: case.departure(f, s),
                indicator: f.series.and_then(|i| case.t.series.get(i)).map(|r| r.name.clone()),
                change: None,
                cite: case.cite(f),
                reading,
            });
        }
    };
    let label = match (&f.peer, &f.detail) {
        (Some(p), Some(d)) => format!("{} to {p} ({d})", f.name),
        (Some(p), None) => format!("{} to {p}", f.name),
        (None, Some(d)) => format!("{} ({d})", f.name),
        (None, None) => f.name.clone(),
    };
    let went = went(case, f, s, &label);
    let share = f.detail.as_deref() == Some("share");
    use Role::{Mechanism, Symptom};
    match f.kind {
        Kind::Latency if up => match &f.peer {
            None => push(&f.component, "code.slow_path", Symptom, strength, went),
            Some(peer) => edge(case, peer, "dependency.slow", strength, &mut push, went),
        },
        Kind::Errors if up => match &f.peer {
            None => {
                let down = s.after > 0.6 && s.before < 0.2 && f.detail.is_none() && s.after <= 1.0 + 1e-6;
                let cause = if down { "dependency.unavailable" } else { "code.exception" };
                push(&f.component, cause, Symptom, strength, went);
            }
            Some(peer) => {
                let cause = if s.after > 0.6 { "dependency.unavailable" } else { "dependency.errors" };
                edge(case, peer, cause, strength, &mut push, went);
            }
        },
        Kind::Throttled if up => throttled(f, s, plain, &mut push, went),
        Kind::Cpu | Kind::Threads | Kind::FileDescriptors | Kind::Queue if share => {
            full(f, s, &mut push);
        }
        Kind::LogErrors if up => push(&f.component, "code.exception", Symptom, 0.8 * plain, went),
        Kind::Availability if !up => push(&f.component, "code.exception", Symptom, strength, went),
        Kind::Cpu if up => {
            // Seconds of processor time in a second are cores.
            let idle = f.name.contains("cpu_seconds") && s.after < IDLE_CORES;
            let weight = if idle { 0.2 } else { 0.8 };
            // Filling memory takes processor time; burning processor time fills no memory.
            let weight = if filled.contains(f.component.as_str()) { 0.5 * weight } else { weight };
            // Who is asked far more often works more: that is the load's doing.
            let weight =
                if asked(case, &f.component) >= s.ratio().max(FAR_MORE) { 0.4 * weight } else { weight };
            push(&f.component, "saturation.cpu", Mechanism, weight * strength, went);
        }
        Kind::Memory => {
            let filled = filled.contains(f.component.as_str());
            memory(case, f, s, (strength, filled), share, &mut push, went);
        }
        Kind::DiskUsed => disk(case, f, s, share, &mut push, went),
        Kind::DiskIo if up => push(&f.component, "saturation.disk_io", Mechanism, 0.35 * strength, went),
        Kind::Network if up && is_loss(&f.name.to_ascii_lowercase()) => {
            push(&f.component, "network.loss", Mechanism, 0.6 * strength, went)
        }
        Kind::Network if up => push(&f.component, "saturation.network_io", Mechanism, 0.3 * strength, went),
        Kind::PoolInUse if up && share && s.after >= 0.93 && s.before < 0.9 => {
            // A database that takes no more connections is asked by more pools than one.
            let database = f.component.starts_with("database/");
            let cause = if database { "database.connection_limit" } else { "saturation.connection_pool" };
            let text = format!(
                "connections in use of {} went from {:.0} % to {:.0} % of the pool",
                f.component,
                s.before * 100.0,
                s.after * 100.0
            );
            push(&f.component, cause, Mechanism, 0.75 * plain.max(0.5), text);
        }
        Kind::PoolWaiting if up => {
            push(&f.component, "saturation.connection_pool", Mechanism, 0.8 * plain, went)
        }
        Kind::PoolTimeouts if up => {
            push(&f.component, "saturation.connection_pool", Mechanism, 0.85 * plain, went)
        }
        Kind::Queue if up => push(&f.component, "saturation.queue", Mechanism, 0.6 * strength, went),
        Kind::Threads if up => push(&f.component, "saturation.threads", Mechanism, 0.5 * strength, went),
        Kind::FileDescriptors if up => {
            push(&f.component, "saturation.file_descriptors", Mechanism, 0.5 * strength, went)
        }
        Kind::QueriesPerRequest if up && s.ratio() >= 1.8 => {
            let text = format!(
                "{} runs {} queries for each request, {} before",
                f.component,
                number(s.after),
                number(s.before)
            );
            let weight = plain * (0.55 + 0.4 * ((s.ratio() - 1.8) / 4.0).clamp(0.0, 1.0));
            push(&f.component, "code.n_plus_one", Mechanism, weight, text);
        }
        Kind::QueryTime if up => {
            let weight = 0.4 * strength * accounts_for(case, f, s);
            push(&f.component, "database.slow_query", Mechanism, weight, went);
        }
        Kind::Retries if up => push(&f.component, "code.retry_storm", Symptom, 0.3 * strength, went),
        Kind::SignInFailures if up => sign_ins(case, f, s, plain, &mut push, went),
        Kind::Flag if s.z.abs() > 3.0 => {
            let text = format!(
                "share of flag {} at {} went from {:.0} % to {:.0} %",
                f.detail.as_deref().unwrap_or("?"),
                f.component,
                s.before * 100.0,
                s.after * 100.0
            );
            push(&f.component, "change.flag", Mechanism, 0.4 * plain, text);
        }
        Kind::Restarts if up => push(&f.component, "code.exception", Symptom, 0.4 * strength, went),
        Kind::Replication if up => {
            push(&f.component, "database.replication_lag", Mechanism, 0.8 * strength, went)
        }
        Kind::Locks if up => push(&f.component, "database.lock_contention", Mechanism, 0.7 * strength, went),
        Kind::Cache if misses(f, s) => push(&f.component, "cache.stampede", Mechanism, 0.4 * strength, went),
        Kind::Workload if f.peer.is_none() && up && s.ratio() > 1.6 => {
            let weight = if s.z > 6.0 && s.ratio() >= FAR_MORE { 0.5 } else { 0.3 };
            push(&f.component, "traffic.surge", Mechanism, weight * strength, went);
        }
        Kind::Other | Kind::Config if s.z.abs() > 4.0 => {
            push(&f.component, "code.slow_path", Symptom, 0.2 * strength, went);
        }
        _ => {}
    }
}

/// Whether more is asked of what lies behind a cache: more misses, or a smaller share of hits. Fewer hits in all may be
/// fewer questions.
fn misses(f: &Feature, s: &Shift) -> bool {
    let name = f.name.to_ascii_lowercase();
    let share = ["ratio", "rate", "percent", "pct"].iter().any(|w| name.contains(w));
    match name.contains("hit") && !name.contains("miss") {
        true => share && s.z < 0.0 && s.after < 0.9 * s.before,
        false => s.z > 0.0,
    }
}

/// What a series did, in its own values; with a cycle taken off, against what is usual at that phase.
fn went(case: &Case<'_>, f: &Feature, s: &Shift, label: &str) -> String {
    let usual = match &f.raw {
        Some(raw) => {
            let cycle = raw.iter().zip(&f.points).filter(|(r, _)| case.frame.is_fault(r.0));
            stats::median(&cycle.map(|(r, p)| r.1 - p.1).collect::<Vec<_>>())
        }
        None => 0.0,
    };
    let (before, after) = (number(s.before + usual), number(s.after + usual));
    let mut text = match f.period {
        Some(period) => format!(
            "{label} of {} went to {after}, usual at this point of its cycle of {} is {before}",
            f.component,
            spell(period)
        ),
        None => format!("{label} of {} went from {before} to {after}", f.component),
    };
    if let Some(b) = case.breakdowns.iter().find(|b| b.is_of(f)) {
        text.push_str(&format!("; {}", b.text()));
    }
    text
}

fn tenths(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

fn spell(ms: i64) -> String {
    match ms / 1000 {
        s if s >= 172_800 => format!("{} d", tenths(s as f64 / 86_400.0)),
        s if s >= 7_200 => format!("{} h", tenths(s as f64 / 3_600.0)),
        s if s >= 120 => format!("{} min", tenths(s as f64 / 60.0)),
        s => format!("{s} s"),
    }
}

/// How much traffic each place has: slowness or failure of many requests is more harm than of few.
struct Volumes {
    rates: BTreeMap<(String, Option<String>), f64>,
    /// Largest harm by slowness and by failure.
    most: (f64, f64),
}

impl Volumes {
    fn measure(case: &Case<'_>) -> Self {
        let mut volumes = Self { rates: BTreeMap::new(), most: (0.0, 0.0) };
        for (f, s) in case.features.iter().zip(&case.shifts) {
            if let (Kind::Workload, Some(s)) = (f.kind, s) {
                let rate = volumes.rates.entry((f.component.clone(), f.peer.clone())).or_default();
                *rate = rate.max(s.before.max(s.after));
            }
        }
        for (f, s) in case.features.iter().zip(&case.shifts) {
            let Some((harm, slow)) = s.as_ref().and_then(|s| volumes.harm(f, s)) else { continue };
            let most = if slow { &mut volumes.most.0 } else { &mut volumes.most.1 };
            *most = most.max(harm);
        }
        volumes
    }

    fn harm(&self, f: &Feature, s: &Shift) -> Option<(f64, bool)> {
        let rate = self.rates.get(&(f.component.clone(), f.peer.clone()))?;
        match f.kind {
            Kind::Latency if s.z > 2.5 => Some(((s.after - s.before) * rate, true)),
            Kind::Errors if s.z > 2.5 => Some(((s.after - s.before) * rate, false)),
            Kind::Availability if s.z < -2.5 => {
                let whole = if s.before > 1.5 { 100.0 } else { 1.0 };
                Some(((s.before - s.after) / whole * rate, false))
            }
            _ => None,
        }
    }

    /// 0.2 to 1; 1 where the traffic is not known.
    fn share(&self, f: &Feature, s: &Shift) -> f64 {
        match self.harm(f, s) {
            Some((harm, slow)) => {
                let most = if slow { self.most.0 } else { self.most.1 };
                (harm / most.max(1e-12)).max(0.0).powf(0.4).clamp(0.2, 1.0)
            }
            None => 1.0,
        }
    }
}

/// Harm that a caller sees at the called side. One that reports nothing itself is known by its callers alone.
fn edge(
    case: &Case<'_>,
    peer: &str,
    cause: &'static str,
    strength: f64,
    push: &mut dyn FnMut(&str, &'static str, Role, f64, String),
    text: String,
) {
    if case.instrumented.contains(peer) {
        let fault = if case.serves_well(peer) { 0.05 } else { 0.35 };
        push(peer, cause, Role::Symptom, fault * strength, text);
    } else {
        push(peer, cause, Role::Mechanism, 0.75 * strength, text);
    }
}

/// How much of the harm at its component the added time of queries accounts for, 0 to 1: queries that are a little
/// slower make no request fail, and no request slower than by themselves.
fn accounts_for(case: &Case<'_>, f: &Feature, s: &Shift) -> f64 {
    /// Queries that take this long may run into time limits, seconds.
    const LONG_S: f64 = 0.25;
    let mine = || {
        case.features
            .iter()
            .zip(&case.shifts)
            .filter(|(g, _)| g.component == f.component && g.peer.is_none())
            .filter_map(|(g, t)| Some((g, (*t)?)))
    };
    let each = mine()
        .filter(|(g, _)| g.kind == Kind::QueriesPerRequest)
        .map(|(_, t)| t.after.clamp(1.0, 200.0))
        .fold(1.0, f64::max);
    let added = (s.after - s.before) * each;
    let slower = mine()
        .filter(|(g, t)| g.kind == Kind::Latency && g.detail == f.detail && t.z > 2.5)
        .map(|(_, t)| t.after - t.before)
        .fold(0.0, f64::max);
    let slow = if slower > 0.0 { (added / slower).clamp(0.0, 1.0).sqrt() } else { 1.0 };
    let failing = if case.out_of_service(&f.component) {
        1.0
    } else {
        mine()
            .filter(|(g, t)| {
                g.kind == Kind::Errors && g.detail.is_none() && t.z > 2.5 && t.after <= 1.0 + 1e-6
            })
            .map(|(g, t)| (t.after - t.before) * case.sure(g))
            .fold(0.0, f64::max)
    };
    if s.after * each >= LONG_S { slow } else { slow * (1.0 - failing) }
}

/// Share of a limit from which a resource is used up, and below which it was not before.
const USED_UP: (f64, f64) = (0.93, 0.9);

/// A resource against its known limit.
fn full(f: &Feature, s: &Shift, push: &mut dyn FnMut(&str, &'static str, Role, f64, String)) {
    // More than twice a limit means that the two are not of one unit.
    if s.z <= 0.0 || s.after < USED_UP.0 || s.before >= USED_UP.1 || s.after > 2.0 {
        return;
    }
    let cause = match f.kind {
        Kind::Cpu => "saturation.cpu",
        Kind::Threads => "saturation.threads",
        Kind::FileDescriptors => "saturation.file_descriptors",
        _ => "saturation.queue",
    };
    let text = format!(
        "{} of {} went from {:.0} % to {:.0} % of its limit",
        f.name,
        f.component,
        s.before * 100.0,
        s.after * 100.0
    );
    push(&f.component, cause, Role::Mechanism, 0.8 * s.strength().max(0.5), text);
}

/// Held back by a limit: of processor time by name, of calls otherwise.
fn throttled(
    f: &Feature,
    s: &Shift,
    plain: f64,
    push: &mut dyn FnMut(&str, &'static str, Role, f64, String),
    went: String,
) {
    let name = f.name.to_ascii_lowercase();
    let processor = ["cpu", "cfs"].iter().any(|w| name.contains(w));
    let place = f.peer.as_deref().unwrap_or(&f.component);
    let cause = match &f.peer {
        _ if processor => "saturation.cpu",
        Some(_) => "dependency.rate_limited",
        None => "saturation.quota",
    };
    // From nothing to something says more than a little more of it.
    let weight = if s.before < 0.2 * s.after { 0.85 } else { 0.6 };
    push(place, cause, Role::Mechanism, weight * plain, went);
}

fn memory(
    case: &Case<'_>,
    f: &Feature,
    s: &Shift,
    (strength, filled): (f64, bool),
    share: bool,
    push: &mut dyn FnMut(&str, &'static str, Role, f64, String),
    went: String,
) {
    let (from, to) = (case.frame.begin, case.frame.end);
    let inside: Vec<(i64, f64)> = f
        .points
        .iter()
        .copied()
        .filter(|p| from <= p.0 && p.0 <= to && (!case.frame.apart || p.0 >= case.frame.onset))
        .collect();
    let values: Vec<f64> = inside.iter().map(|p| p.1).collect();
    // A climb has to stand out of the noise: of thousands of series some rise a few times in a row.
    let steady = stats::ramp(&values)
        .filter(|(grown, order, clear)| *grown > 0.15 && *order > STEADY.0 && *clear > STEADY.1)
        .map_or(0.0, |r| r.0);
    let noise = |calm: &[f64]| {
        let calm = stats::sorted(calm);
        (stats::quantile(&calm, 0.98) - stats::quantile(&calm, 0.02)) / 4.0
    };
    let calm = noise(&case.frame.split(&f.points).0);
    let stands_out = |g: &Climb| g.grown > CLIMB * calm;
    // What is killed at its limit is complained of then: the climb lies before the onset, and is no noise of the calm.
    let killed = |g: &Climb| {
        g.share > KILLED && g.start >= CALM_SAMPLES && g.grown > CLIMB * noise(&values[..g.start])
    };
    let climbing = stats::climb(&values)
        .filter(|g| (stands_out(g) && (s.z > 2.5 || g.share > FELL_BACK)) || killed(g))
        .map_or(0.0, |g| g.share)
        .max(steady);
    let known = share_of_limit(case, &f.component);
    let fresh = stats::fresh_climb(&values).filter(|g| g.share > 0.15 && stands_out(g)).map(|g| g.share);
    if climbing > 0.15 {
        let near_limit = if share {
            stats::quantile(&stats::sorted(&f.level().iter().map(|p| p.1).collect::<Vec<_>>()), 0.98)
        } else {
            0.0
        };
        let weight = 0.45 + 0.35 * (climbing / 1.0).min(1.0) + 0.15 * near_limit.clamp(0.0, 1.0);
        let text = format!(
            "{} of {} climbs without falling back, by {:.0} % in the time seen",
            f.name,
            f.component,
            climbing * 100.0
        );
        push(&f.component, "code.memory_leak", Role::Mechanism, weight, text);
    } else if let Some(grown) = fresh.filter(|_| known.is_some_and(|top| top < FULL)) {
        // Memory that began to grow a moment ago and is far from its limit is lost, not used up.
        let text = format!(
            "{} of {} has begun to climb without falling back, by {:.0} % so far",
            f.name,
            f.component,
            grown * 100.0
        );
        push(&f.component, "code.memory_leak", Role::Mechanism, 0.5 + 0.25 * grown.min(1.0), text);
    } else if s.z > 0.0 {
        let full = if share && s.after > 0.9 { 0.3 } else { 0.0 };
        // More memory than before, with plenty left, harms nobody.
        let room = if known.is_some_and(|top| top < FULL) { 0.2 } else { 1.0 };
        let moved = if filled { strength.max(s.strength()) } else { strength };
        let weight = (room * 0.75 * moved + full).min(0.9);
        push(&f.component, "saturation.memory", Role::Mechanism, weight, went);
    }
}

/// Components whose memory grew by much of what processes usually hold here. A small process that grows to several
/// times its size may still hold little.
fn memory_filled<'c>(case: &'c Case<'_>) -> BTreeSet<&'c str> {
    const MUCH: f64 = 0.3;
    const FEW: usize = 3;
    let plain: Vec<(&Feature, &Shift)> = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.kind == Kind::Memory && f.detail.as_deref() != Some("share"))
        .filter_map(|(f, s)| Some((f, s.as_ref()?)))
        .collect();
    let typical = stats::median(&plain.iter().map(|(_, s)| s.before).collect::<Vec<_>>());
    if plain.len() < FEW {
        return BTreeSet::new();
    }
    plain
        .into_iter()
        .filter(|(_, s)| s.z > 3.0 && s.after - s.before > MUCH * typical.max(s.before))
        .map(|(f, _)| f.component.as_str())
        .collect()
}

/// Deviations of chance from which the order of a trend is one, and its growth in deviations of what it leaves.
const STEADY: (f64, f64) = (5.5, 12.0);
/// Deviations of the normal part from which a climb is more than noise.
const CLIMB: f64 = 6.0;

/// Growth from which a climb counts though the level fell back: what leaks is killed, and starts anew.
const FELL_BACK: f64 = 0.4;
/// Growth of what was killed for it: a process that doubled.
const KILLED: f64 = 1.0;
/// Samples from which what precedes a climb says how much the series moves by itself.
const CALM_SAMPLES: usize = 20;
/// Share of its limit from which memory counts as used up.
const FULL: f64 = 0.85;
/// Share of a disk below which nobody has to worry.
const ROOM: f64 = 0.8;

/// The highest share of its limit that a component's memory reached since the onset, where the limit is known.
fn share_of_limit(case: &Case<'_>, component: &str) -> Option<f64> {
    case.features
        .iter()
        .filter(|f| {
            f.component == component && f.kind == Kind::Memory && f.detail.as_deref() == Some("share")
        })
        .flat_map(|f| f.points.iter().filter(|p| case.frame.is_fault(p.0)).map(|p| p.1))
        .reduce(f64::max)
}

fn disk(
    case: &Case<'_>,
    f: &Feature,
    s: &Shift,
    share: bool,
    push: &mut dyn FnMut(&str, &'static str, Role, f64, String),
    went: String,
) {
    let percent = f.name.contains("percent") || f.name.contains("ratio");
    let fault: Vec<f64> = f.points.iter().filter(|p| case.frame.is_fault(p.0)).map(|p| p.1).collect();
    let top = stats::quantile(&stats::sorted(&fault), 0.95);
    let fill = if share || (percent && top <= 1.0) {
        top
    } else if percent {
        top / 100.0
    } else {
        0.0
    };
    if fill >= 0.93 && s.before < s.after {
        let text = format!("disk of {} is {:.0} % full", f.component, fill * 100.0);
        push(
            &f.component,
            "saturation.disk",
            Role::Mechanism,
            0.6 + 0.35 * ((fill - 0.93) / 0.06).clamp(0.0, 1.0),
            text,
        );
    } else if s.z > 4.0 && (share || !has_room(case, &f.component)) {
        push(&f.component, "saturation.disk", Role::Mechanism, 0.3 * s.strength(), went);
    }
}

/// Whether a disk whose size is known has plenty of room.
fn has_room(case: &Case<'_>, component: &str) -> bool {
    let share = |f: &&Feature| {
        f.component == component && f.kind == Kind::DiskUsed && f.detail.as_deref() == Some("share")
    };
    case.features.iter().find(share).is_some_and(|f| f.points.iter().all(|p| p.1 < ROOM))
}

/// Many more attempts, most of which fail: somebody tries stolen passwords. As many attempts as ever that now fail
/// are a fault of the service.
fn sign_ins(
    case: &Case<'_>,
    f: &Feature,
    s: &Shift,
    strength: f64,
    push: &mut dyn FnMut(&str, &'static str, Role, f64, String),
    went: String,
) {
    let volume = case
        .features
        .iter()
        .zip(&case.shifts)
        .find(|(g, _)| g.kind == Kind::SignIns && g.component == f.component && g.name == f.name)
        .and_then(|(_, s)| *s);
    match volume {
        Some(v) if v.z > 2.5 && v.ratio() > 1.4 && s.after > 2.0 * s.before => {
            push(
                &f.component,
                "security.credential_stuffing",
                Role::Mechanism,
                0.85 * strength.max(0.6),
                went,
            );
        }
        _ => push(&f.component, "code.exception", Role::Symptom, 0.4 * strength, went),
    }
}

/// So many times the requests of before are far more.
const FAR_MORE: f64 = 3.0;

/// How many times as often a component is asked as before, where it clearly is.
fn asked(case: &Case<'_>, component: &str) -> f64 {
    let of = case.features.iter().zip(&case.shifts);
    of.filter(|(f, _)| f.kind == Kind::Workload && f.component == component && f.peer.is_none())
        .filter_map(|(_, s)| s.as_ref().filter(|s| s.z > 6.0).map(|s| s.ratio()))
        .fold(0.0, f64::max)
}

/// Components whose own series all stop before the end: what is down reports nothing.
fn vanished(case: &Case<'_>, out: &mut Vec<Signal>) {
    let fault = case.frame.end - case.frame.onset;
    if fault <= 0 {
        return;
    }
    let mut last: BTreeMap<&str, (i64, &Feature)> = BTreeMap::new();
    for f in
        case.features.iter().filter(|f| f.peer.is_none() && f.series.is_some() && !f.component.is_empty())
    {
        if let Some(p) = f.points.last() {
            let entry = last.entry(&f.component).or_insert((p.0, f));
            if p.0 > entry.0 {
                *entry = (p.0, f);
            }
        }
    }
    for (component, (at, f)) in last {
        let steps = crate::series::features::step(&f.points).max(1);
        if at < case.frame.end - fault / 2
            && case.frame.end - at > 6 * steps
            && at > case.frame.onset - fault / 4
        {
            out.push(Signal {
                component: component.to_owned(),
                cause: "dependency.unavailable",
                modality: Modality::Metrics,
                role: Role::Mechanism,
                // That nobody gets an answer from it either confirms that it is not only its reports that stop.
                weight: if case.out_of_service(component) { 0.85 } else { 0.55 },
                onset: Some(at),
                indicator: Some(f.name.clone()),
                change: None,
                cite: case.cite(f),
                reading: format!("all series of {component} stop"),
            });
        }
    }
}

/// A number as people write it.
pub(crate) fn number(v: f64) -> String {
    let a = v.abs();
    if a == 0.0 {
        "0".into()
    } else if a >= 1e9 {
        format!("{:.1}e9", v / 1e9)
    } else if a >= 1e6 {
        format!("{:.1}e6", v / 1e6)
    } else if a >= 100.0 {
        format!("{v:.0}")
    } else if a >= 1.0 {
        format!("{v:.1}")
    } else if a >= 0.001 {
        format!("{v:.3}")
    } else {
        format!("{v:.1e}")
    }
}
