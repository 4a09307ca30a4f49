//! Somebody reloads the configuration of one service with a wrong value.

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

use super::registry::{Fault, FaultInfo, Injected};
use crate::{
    seed,
    world::{World, announce},
};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "bad-config",
        summary: "a reload brings a wrong value into one service's configuration",
        remedy: "set_config back to the value before",
    },
    inject,
    remedied,
};

fn variants() -> [(&'static str, &'static str, Value); 3] {
    [
        ("payments", "acquirer_timeout_ms", json!(5)),
        ("catalog", "inventory_url", json!("http://127.0.0.1:1")),
        ("gateway", "checkout_timeout_ms", json!(8)),
    ]
}

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let all = variants();
    let (service, name, value) = all[rng.random_range(0..all.len())].clone();
    let seed = world.seed;
    let state = world.services.get_mut(service);
    let before = state.and_then(|s| s.config.insert(name.to_owned(), value.clone())).unwrap_or(Value::Null);
    let summary = format!("{service} configuration reloaded: {name}");
    let file = format!("config/{service}.yaml");
    let change = announce(world, "config", service, &summary);
    change.from = Some(before.to_string());
    change.to = Some(value.to_string());
    change.commit = Some(seed::commit(seed, &summary));
    change.diff =
        Some(format!("--- a/{file}\n+++ b/{file}\n@@ -4,1 +4,1 @@\n-{name}: {before}\n+{name}: {value}\n"));
    change.files = vec![file];
    Injected { component: service.into(), detail: format!("{service}: {name} is {value}"), released: false }
}

fn remedied(world: &World, component: &str) -> bool {
    let Some(state) = world.services.get(component) else { return true };
    variants()
        .iter()
        .all(|(service, name, wrong)| *service != component || state.config.get(*name) != Some(wrong))
}
