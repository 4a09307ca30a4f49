//! Somebody tries passwords that leaked elsewhere; a few customers used theirs here too.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::{
    services::accounts,
    world::{Attack, World},
};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "credential-stuffing",
        summary: "leaked passwords are tried against many accounts, some with success",
        remedy: "rotate_credentials of the compromised accounts and rate_limit sign-ins by client_ip",
    },
    inject,
    remedied,
};

/// Attempts a minute and address below which an attack is not worth its while.
const HARMLESS: u32 = 30;

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let count = if rng.random_bool(0.5) { rng.random_range(4..10) } else { rng.random_range(25..60) };
    let net = rng.random_range(0..2);
    let ips = (0..count).map(|n| format!("{}.{}", ["203.0.113", "198.51.100"][net], 10 + n * 3)).collect();
    let mut victims = Vec::new();
    while victims.len() < 3 + world.seed as usize % 5 {
        // From the back of the list: these customers do not shop today.
        let name = accounts::account_name(rng.random_range(accounts::ACCOUNTS / 2..accounts::ACCOUNTS));
        if !victims.contains(&name) && !world.rotated.contains_key(&name) {
            victims.push(name);
        }
    }
    let per_second = rng.random_range(26..44);
    let detail = format!(
        "{count} addresses, {per_second} attempts a second, reused passwords: {}",
        victims.join(", ")
    );
    world.conditions.attack = Some(Attack { ips, per_second, victims });
    Injected { component: "accounts".into(), detail, released: false }
}

fn remedied(world: &World, _: &str) -> bool {
    let Some(attack) = &world.conditions.attack else { return true };
    let limited = ["gateway", "accounts"]
        .iter()
        .filter_map(|s| world.services.get(*s)?.rate_limit.as_ref())
        .any(|l| l.per == "client_ip" && l.per_minute <= HARMLESS);
    limited && attack.victims.iter().all(|v| world.rotated.contains_key(v))
}
