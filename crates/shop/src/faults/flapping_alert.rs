//! Somebody tuned an alert rule so finely that ordinary waves of traffic set it off and put it out. Nothing is wrong.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::World;

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "flapping-alert",
        summary: "an alert fires and resolves again and again, and nothing is wrong",
        remedy: "none is needed: the rule is wrong, not the shop",
    },
    inject,
    remedied,
};

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    // A share of the usual traffic; the monitor knows what is usual.
    let share = f64::from(rng.random_range(97..104)) / 100.0;
    world.conditions.traffic_rule = Some(share);
    let detail = format!("the traffic alert fires above {share} of the usual traffic");
    Injected { component: "gateway".into(), detail, released: false }
}

fn remedied(_: &World, _: &str) -> bool {
    true
}
