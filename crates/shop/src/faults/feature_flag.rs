//! A flag that should be off is on for every fifth customer, and its code is wrong in a way that no metric shows.

use rand::{RngExt, rngs::StdRng};

use super::registry::{Fault, FaultInfo, Injected};
use crate::world::{Flag, World, announce};

pub(super) const FAULT: Fault = Fault {
    info: FaultInfo {
        name: "feature-flag",
        summary: "every fifth customer is served wrongly, all metrics are fine",
        remedy: "set_flag of that flag to 0 %",
    },
    inject,
    remedied,
};

const FLAGS: [(&str, &str); 2] = [("checkout", "combined_discounts"), ("catalog", "compact_product_page")];

fn inject(world: &mut World, rng: &mut StdRng) -> Injected {
    let (service, flag) = FLAGS[rng.random_range(0..FLAGS.len())];
    if let Some(state) = world.services.get_mut(service) {
        state.flags.insert(flag.to_owned(), Flag { enabled: true, percent: 20 });
    }
    let change = announce(world, "flag", service, &format!("{flag}: 0% -> 20%"));
    change.from = Some("0".into());
    change.to = Some("20".into());
    change.files = vec![format!("flags/{service}/{flag}.yaml")];
    Injected { component: service.into(), detail: format!("{service}: {flag} is at 20 %"), released: false }
}

fn remedied(world: &World, component: &str) -> bool {
    let Some(state) = world.services.get(component) else { return true };
    FLAGS.iter().all(|(_, flag)| state.flags.get(*flag).is_none_or(|f| !f.enabled || f.percent == 0))
}
