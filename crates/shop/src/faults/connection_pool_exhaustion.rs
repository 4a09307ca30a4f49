//! A partner's system starts to place bulk orders, each of which holds a connection of checkout's pool until its last
//! batch is in. Nothing was released; the pool had been large enough until today.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::{BulkPartner, World};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "connection-pool-exhaustion",
        summary: "checkout fails: its database connections are all held",
        remedy: "scale_pool of checkout to at least twice its size, and restart it",
    },
    inject,
    remedied,
};

const PARTNERS: [&str; 4] = ["northwind-b2b", "tailspin-wholesale", "contoso-market", "fabrikam-supply"];

fn pool(world: &World) -> u32 {
    let size =
        world.services.get("checkout").and_then(|s| s.config.get("db_pool_size")?.as_u64()).unwrap_or(8);
    u32::try_from(size).unwrap_or(8)
}

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let concurrency = (f64::from(pool(world)) * rng.random_range(1.45..1.8)).round() as u32;
    let name = PARTNERS[rng.random_range(0..PARTNERS.len())].to_owned();
    let batches = rng.random_range(10..18);
    let detail = format!("{name} sends {concurrency} bulk orders of {batches} batches at a time");
    world.conditions.partner = Some(BulkPartner { name, concurrency, batches });
    Injected { component: "checkout".into(), detail, released: false }
}

fn remedied(world: &World, _: &str) -> bool {
    // A connection must be left for everybody else.
    world.conditions.partner.as_ref().is_none_or(|p| pool(world) > p.concurrency)
        || ["gateway", "checkout"]
            .iter()
            .any(|s| world.services.get(*s).is_some_and(|s| s.rate_limit.is_some()))
}
