//! Accounts stops answering; everybody asks it again and again, and what waits for it piles up everywhere.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::World;

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "auth-cascade",
        summary: "accounts fails first, retries carry it to every service",
        remedy: "restart accounts",
    },
    inject,
    remedied,
};

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let state = if rng.random_bool(0.7) { "hung" } else { "crashed" };
    world.conditions.accounts = Some(state.to_owned());
    Injected { component: "accounts".into(), detail: format!("accounts is {state}"), released: false }
}

fn remedied(world: &World, _: &str) -> bool {
    world.conditions.accounts.is_none()
}
