//! The payment provider in use takes seconds; payments waits for it.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::{ACQUIRERS, SlowProvider, World};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "slow-third-party",
        summary: "paying takes seconds, because the payment provider does",
        remedy: "fail_over of payments to the other provider",
    },
    inject,
    remedied,
};

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let active = world.services.get("payments").and_then(|s| s.active.clone());
    let provider = active.unwrap_or_else(|| ACQUIRERS[0].to_owned());
    let min_ms = rng.random_range(1700..2300);
    let max_ms = min_ms + rng.random_range(600..1200);
    let detail = format!("{provider} takes {min_ms} to {max_ms} ms");
    world.conditions.slow_provider = Some(SlowProvider { provider, min_ms, max_ms });
    Injected { component: "payments".into(), detail, released: false }
}

fn remedied(world: &World, _: &str) -> bool {
    let active = world.services.get("payments").and_then(|s| s.active.clone());
    world.conditions.slow_provider.as_ref().is_none_or(|s| active.as_deref() != Some(&s.provider))
}
