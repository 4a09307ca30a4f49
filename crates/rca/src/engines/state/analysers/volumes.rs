//! Claims against volumes: class, access modes, capacity, selector, and who holds the volume; mounts that refuse writing.

use super::super::finding::Finding;
use super::super::model::object::{Claim, Disk};
use super::super::model::same_ns;
use super::super::model::value::shown;
use super::super::view::{Kind, Trouble, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for c in v.cluster.claims.iter().filter(|c| c.phase == "Pending" || c.phase == "Lost") {
        pending(v, c, &mut out);
    }
    for t in v.troubles.iter().filter(|t| matches!(t.kind, Kind::Unscheduled | Kind::Starting)) {
        unknown(v, t, &mut out);
    }
    for t in v.troubles.iter().filter(|t| matches!(t.kind, Kind::Crashing | Kind::Starting | Kind::NotReady))
    {
        refused(v, t, &mut out);
    }
    out
}

/// The workload that uses a claim.
fn user(v: &View<'_>, c: &Claim) -> Option<String> {
    let uses = |spec: &super::super::model::pod::PodSpec| {
        spec.volumes.iter().any(|w| w.kind == "PersistentVolumeClaim" && w.refers == c.meta.name)
    };
    v.specs()
        .into_iter()
        .find(|s| same_ns(&s.1, &c.meta.ns) && uses(s.2))
        .map(|s| s.0)
        .or_else(|| c.users.first().map(|u| v.cluster.workload_named(u)))
        .or_else(|| {
            // A stateful set's claims are called `TEMPLATE-POD`.
            v.cluster
                .pods
                .iter()
                .find(|p| c.meta.name.ends_with(&format!("-{}", p.meta.name)))
                .map(|p| v.cluster.workload_of(&p.meta))
        })
        .or_else(|| {
            let waits = |t: &&Trouble<'_>| t.says(&["unbound", "persistentvolumeclaim"]).is_some();
            let mut waiting = v.troubles.iter().filter(waits);
            waiting.next().filter(|_| waiting.next().is_none()).map(|t| t.workload.clone())
        })
}

const CLASS: &str = "kubernetes.pvc_storage_class_mismatch";
const MODE: &str = "kubernetes.pvc_access_mode_mismatch";
const SIZE: &str = "kubernetes.pvc_capacity_mismatch";
const SELECTOR: &str = "kubernetes.pvc_selector_mismatch";
const HELD: &str = "kubernetes.pv_binding_occupied";

fn pending(v: &View<'_>, c: &Claim, out: &mut Vec<Finding>) {
    let workload = user(v, c);
    let Some(cite) = c.meta.cites.first() else { return };
    let place = v.service(workload.as_deref().unwrap_or(&c.meta.name));
    let waits = workload.as_deref().and_then(|w| v.troubled(w).next());
    // A claim that nobody waits for harms nobody.
    let scale = if waits.is_some() || workload.is_none() { 1.0 } else { 0.6 };
    let events: Vec<_> = v.cluster.events_of("PersistentVolumeClaim", &c.meta.name).collect();
    let text: String = events.iter().map(|e| e.message.to_lowercase() + "\n").collect();
    // Bound as soon as a pod uses it: no fault of its own.
    let mut say = |cause: &'static str, weight: f64, reading: String| {
        let mut f =
            Finding::new(place.clone(), cause, weight * scale, "PersistentVolumeClaim", cite, reading);
        for e in events.iter().filter(|e| e.warning || e.reason == "FailedBinding") {
            f = f.also(
                Some(&e.cite),
                format!("event {} at {}: {}", e.reason, c.meta.name, quoted(&e.message)),
            );
        }
        if let Some(t) = waits {
            f = f.also(Some(&t.cite), format!("{}: {}", t.workload, t.what));
        }
        out.push(f);
    };
    for (phrase, cause) in [
        ("requested pv is too small", SIZE),
        ("incompatible accessmode", MODE),
        ("storageclassname does not match", CLASS),
        ("already bound to a different claim", HELD),
        ("bound to a different claim", HELD),
        ("no volume plugin matched", CLASS),
    ] {
        if text.contains(phrase) {
            say(cause, 0.92, format!("claim {} is not bound: {phrase}", c.meta.name));
            return;
        }
    }
    let class = c.class.clone().unwrap_or_default();
    let known = v.cluster.classes.iter().find(|s| s.meta.name == class);
    let by_hand = known.is_none_or(|s| s.provisioner.is_empty() || s.provisioner.contains("no-provisioner"));
    if text.contains("not found") && text.contains("storageclass") {
        let near: Vec<&str> = v.cluster.classes.iter().map(|s| s.meta.name.as_str()).collect();
        say(
            CLASS,
            0.92,
            format!(
                "claim {} asks for storage class {class}, which does not exist; there are {}",
                c.meta.name,
                near.join(", ")
            ),
        );
        return;
    }
    if let Some(name) = &c.volume
        && let Some(d) = v.cluster.disks.iter().find(|d| d.meta.name == *name)
    {
        let found = differences(c, d);
        if let Some((cause, reading)) = found.into_iter().next() {
            say(cause, 0.9, reading);
            return;
        }
    }
    if !by_hand {
        // It is made on demand: only modes that the storage does not offer are left.
        if text.contains("accessmode") || text.contains("access mode") || text.contains("not support") {
            say(
                MODE,
                0.85,
                format!(
                    "claim {} asks for {}, which its storage does not offer",
                    c.meta.name,
                    c.modes.join(",")
                ),
            );
        }
        return;
    }
    // Of all volumes the one with the fewest differences is what was meant.
    let mut best: Option<(usize, Vec<(&'static str, String)>)> = None;
    for d in &v.cluster.disks {
        let mut found = differences(c, d);
        if d.claim.as_ref().is_some_and(|h| h.1 == c.meta.name && same_ns(&h.0, &c.meta.ns)) {
            found.retain(|f| f.0 != HELD);
        } else if d.phase == "Bound" && d.claim.is_some() && found.is_empty() {
            found.push((HELD, held(c, d)));
        }
        let meant = usize::from(d.phase != "Available" || !named_alike(&c.meta.name, &d.meta.name));
        let cost = found.len() * 2 + meant;
        if !found.is_empty() && best.as_ref().is_none_or(|b| cost < b.0) {
            best = Some((cost, found));
        }
    }
    match best {
        Some((_, found)) => {
            let n = found.len();
            for (i, (cause, reading)) in found.into_iter().enumerate() {
                say(cause, if n == 1 { 0.9 } else { 0.84 - 0.06 * i as f64 }, reading);
            }
        }
        None if known.is_none()
            && !class.is_empty()
            && (v.cluster.complete("StorageClass", "") || !v.cluster.classes.is_empty()) =>
        {
            let near: Vec<&str> = v.cluster.classes.iter().map(|s| s.meta.name.as_str()).collect();
            say(
                CLASS,
                0.88,
                format!(
                    "claim {} asks for storage class {class}; there are {}",
                    c.meta.name,
                    near.join(", ")
                ),
            );
        }
        None if !c.selector.is_empty() => {
            let wants: Vec<String> =
                c.selector.iter().map(super::super::model::pod::Expression::shown).collect();
            say(
                SELECTOR,
                0.8,
                format!("claim {} selects volumes with {}, and none is shown", c.meta.name, wants.join(",")),
            );
        }
        None => say(
            CLASS,
            0.5,
            format!("claim {} of class \"{class}\" is pending and no volume fits", c.meta.name),
        ),
    }
}

fn named_alike(a: &str, b: &str) -> bool {
    let parts =
        |s: &str| -> Vec<String> { s.split('-').filter(|p| p.len() > 3).map(str::to_owned).collect() };
    let b = parts(b);
    parts(a).iter().any(|p| b.contains(p))
}

fn held(c: &Claim, d: &Disk) -> String {
    let (ns, name) = d.claim.clone().unwrap_or_default();
    format!("volume {}, which claim {} would fit, is held by claim {ns}/{name}", d.meta.name, c.meta.name)
}

/// In what a volume does not fit a claim. What is not shown on either side is no difference.
fn differences(c: &Claim, d: &Disk) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let (claim, disk) = (&c.meta.name, &d.meta.name);
    let other = d.claim.as_ref().is_some_and(|h| h.1 != *claim || !same_ns(&h.0, &c.meta.ns));
    if let Some(class) = &c.class
        && *class != d.class
    {
        out.push((
            CLASS,
            format!("claim {claim} asks for storage class {class}, volume {disk} is of class {}", d.class),
        ));
    }
    let lacking: Vec<&str> = c.modes.iter().filter(|m| !d.modes.contains(m)).map(String::as_str).collect();
    if !lacking.is_empty() && !d.modes.is_empty() {
        out.push((
            MODE,
            format!(
                "claim {claim} asks for access mode {}, volume {disk} offers {}",
                lacking.join(","),
                d.modes.join(",")
            ),
        ));
    }
    if let (Some(want), Some(have)) = (c.size, d.size)
        && want > have
    {
        out.push((
            SIZE,
            format!(
                "claim {claim} asks for {}, volume {disk} has {}",
                shown("storage", want),
                shown("storage", have)
            ),
        ));
    }
    if !c.selector.is_empty() && !c.selector.iter().all(|e| e.holds(&d.meta.labels)) {
        let wants: Vec<String> = c.selector.iter().map(super::super::model::pod::Expression::shown).collect();
        let has: Vec<String> = d.meta.labels.iter().map(|(k, w)| format!("{k}={w}")).collect();
        out.push((
            SELECTOR,
            format!(
                "claim {claim} selects volumes with {}, volume {disk} has {}",
                wants.join(","),
                has.join(",")
            ),
        ));
    }
    if other && (c.volume.as_deref() == Some(disk.as_str()) || out.is_empty()) {
        out.insert(0, (HELD, held(c, d)));
    }
    out
}

/// A pod that waits for a claim of which nothing else is shown.
fn unknown(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let Some((text, cite)) = t.says(&["persistentvolumeclaim", "unbound immediate"]) else { return };
    let missing = text.to_lowercase().contains("not found");
    let name = text.split('"').nth(1).unwrap_or("");
    let shown = t
        .spec
        .volumes
        .iter()
        .filter(|w| w.kind == "PersistentVolumeClaim")
        .any(|w| v.cluster.claims.iter().any(|c| c.meta.name == w.refers && c.phase == "Pending"));
    if shown || v.cluster.claims.iter().any(|c| c.phase == "Pending") {
        return;
    }
    let place = v.service(&t.workload);
    if missing {
        let there = v.cluster.claims.iter().find(|c| c.meta.name == name && !same_ns(&c.meta.ns, &t.ns));
        let cause = if there.is_some() { "kubernetes.wrong_namespace" } else { SELECTOR };
        let weight = if there.is_some() { 0.88 } else { 0.5 };
        out.push(Finding::new(
            place,
            cause,
            weight,
            "FailedScheduling",
            cite,
            format!("{} uses claim {name}, which does not exist in its namespace", t.workload),
        ));
    } else {
        for (cause, weight) in [(CLASS, 0.5), (HELD, 0.3), (MODE, 0.3), (SIZE, 0.3), (SELECTOR, 0.3)] {
            out.push(Finding::new(place.clone(), cause, weight, "FailedScheduling", cite, quoted(text)));
        }
    }
}

/// `permission denied` below a mounted path.
fn refused(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let mounts: Vec<&str> = t
        .spec
        .all()
        .flat_map(|c| &c.mounts)
        .map(|m| m.path.as_str())
        .filter(|p| p.len() > 1 && !p.contains("kubernetes.io/serviceaccount"))
        .collect();
    let outputs = v.outputs(&t.workload).map(|o| (o.text.as_str(), &o.cite));
    let said = t.said.iter().map(|s| (s.0.as_str(), &s.1));
    for (text, cite) in outputs.chain(said) {
        let line = text.lines().rev().find(|l| {
            let lower = l.to_lowercase();
            [
                "permission denied",
                "read-only file system",
                "operation not permitted",
                "eacces",
                "access denied by server while mounting",
                "permissionerror",
            ]
            .iter()
            .any(|w| lower.contains(w))
        });
        let Some(line) = line else { continue };
        let path = mounts.iter().find(|m| line.contains(**m));
        let mount = line.contains("MountVolume") || line.contains("mounting");
        let writing = ["write", "create", "mkdir", "open", "chown", "touch", "save", "append", "data"]
            .iter()
            .any(|w| line.to_lowercase().contains(w));
        // A command that may not be run is another fault.
        if line.contains("exec:") || line.contains("runc") {
            continue;
        }
        let weight = match (path, mount, writing) {
            (Some(_), ..) => 0.91,
            (None, true, _) => 0.85,
            (None, false, true) if !mounts.is_empty() => 0.8,
            (None, false, true) => 0.6,
            _ => 0.4,
        };
        let at = path.map_or(String::new(), |p| format!(" at {p}, a mounted volume,"));
        let reading = format!("{} may not write{at}: {}", t.workload, quoted(line));
        out.push(
            Finding::new(
                v.service(&t.workload),
                "kubernetes.volume_mount_permission_denied",
                weight,
                "permission denied",
                cite,
                reading,
            )
            .also(Some(&t.cite), format!("{}: {}", t.workload, t.what)),
        );
        return;
    }
}
