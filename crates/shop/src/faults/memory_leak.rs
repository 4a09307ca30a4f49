//! A reader of one service's change feed stalls, and the service keeps for it what it does not fetch. Nothing was
//! released or changed.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::World;

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "memory-leak",
        summary: "one service's memory climbs until it is killed, again and again",
        remedy: "restart that service",
    },
    inject,
    remedied,
};

const VICTIMS: [&str; 3] = ["catalog", "inventory", "notifications"];

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let victim = VICTIMS[rng.random_range(0..VICTIMS.len())];
    let rate = f64::from(rng.random_range(110..150)) / 100.0;
    world.conditions.stalled_reader = Some((victim.to_owned(), rate));
    Injected {
        component: victim.into(),
        detail: format!("a stalled reader makes {victim} grow by {rate} MiB a second"),
        released: false,
    }
}

fn remedied(world: &World, _: &str) -> bool {
    world.conditions.stalled_reader.is_none()
}
