//! Inventory's reconciliation repeats a record for ever and logs it without bound, on the volume of the database.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::World;

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "disk-full",
        summary: "unbounded logs fill the volume of inventory's database",
        remedy: "free_disk of inventory, or fail_over to its replica",
    },
    inject,
    remedied,
};

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let rate = f64::from(rng.random_range(22..34)) / 10.0;
    world.conditions.reconcile_loop = Some(rate);
    Injected {
        component: "inventory".into(),
        detail: format!("inventory logs {rate} MiB a second"),
        released: false,
    }
}

fn remedied(world: &World, component: &str) -> bool {
    let Some(state) = world.services.get(component) else { return true };
    let rotated =
        state.config.get("log_rotation_max_mb").and_then(serde_json::Value::as_u64).unwrap_or(0) > 0;
    world.conditions.reconcile_loop.is_none() || rotated || state.active.as_deref() == Some("replica")
}
