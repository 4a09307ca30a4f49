//! A release of one service breaks on inputs that nobody tested.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::{
    seed,
    world::{Defect, Release, World, announce, defect_kinds},
};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "bad-release",
        summary: "errors step up with a release of one service",
        remedy: "roll that service back",
    },
    inject,
    remedied,
};

/// Builds and runs a new version of a service; gives its number.
pub(super) fn release(world: &mut World, service: &str, defect: Defect, summary: &str, diff: &str) -> String {
    let (seed, round) = (world.seed, world.rounds);
    let Some(state) = world.services.get_mut(service) else { return String::new() };
    let from = state.version.clone();
    let line = from.split('.').next().unwrap_or("1").to_owned();
    let mut minor = 9;
    while state.releases.iter().any(|r| r.version == format!("{line}.{minor}.0")) {
        minor += 1;
    }
    let version = format!("{line}.{minor}.0");
    let commit = seed::commit(seed, &format!("{service}@{version}/{round}"));
    state.releases.push(Release { version: version.clone(), commit: commit.clone(), defects: vec![defect] });
    state.version.clone_from(&version);
    let change = announce(world, "deploy", service, &format!("{service} {version}: {summary}"));
    change.from = Some(from);
    change.to = Some(version.clone());
    change.commit = Some(commit);
    change.diff = Some(diff.to_owned());
    change.files = diff.lines().filter_map(|l| l.strip_prefix("+++ b/")).map(ToOwned::to_owned).collect();
    version
}

/// Whether a service runs code with a defect.
pub(super) fn runs_defect(world: &World, service: &str, defect: Defect) -> bool {
    world.services.get(service).is_some_and(|s| s.has(defect))
}

fn words(defect: Defect) -> (&'static str, &'static str) {
    match defect {
        Defect::TaxOfManyLines => (
            "tax rates by line",
            "--- a/services/checkout/src/tax.rs\n+++ b/services/checkout/src/tax.rs\n@@ -60,3 +60,4 @@\n-    self.rates[0]\n+    \
             // One rate per line.\n+    self.rates[line]\n",
        ),
        Defect::MinorUnits => (
            "send amounts in minor units",
            "--- a/services/payments/src/Money.java\n+++ b/services/payments/src/Money.java\n@@ -55,3 +55,3 @@\n-    return \
             cents;\n+    return Long.parseLong(amount.toString());\n",
        ),
        Defect::MissingRating => (
            "rating badge on product pages",
            "--- a/services/catalog/src/view/badge.rs\n+++ b/services/catalog/src/view/badge.rs\n@@ -38,2 +38,4 @@\n+    let \
             stars = product.rating.stars;\n+    badge(stars)\n",
        ),
        Defect::ReservationOverflow | Defect::ListsOneByOne => (
            "take pieces from the nearest shelf first",
            "--- a/services/inventory/src/shelf.rs\n+++ b/services/inventory/src/shelf.rs\n@@ -85,3 +85,4 @@\n-    let left = \
             self.pieces.checked_sub(wanted)?;\n+    let left = self.nearest().pieces - wanted;\n",
        ),
    }
}

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let kinds = defect_kinds();
    let (service, defect) = kinds[rng.random_range(0..kinds.len())];
    let (summary, diff) = words(defect);
    let version = release(world, service, defect, summary, diff);
    Injected {
        component: service.into(),
        detail: format!("{service} {version} breaks: {summary}"),
        released: true,
    }
}

fn remedied(world: &World, component: &str) -> bool {
    defect_kinds().iter().all(|(_, defect)| !runs_defect(world, component, *defect))
}
