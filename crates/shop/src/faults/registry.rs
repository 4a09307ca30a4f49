//! The list of faults, and putting one in.

use jiff::Timestamp;
use rand::rngs::StdRng;
use serde::Serialize;

use super::{
    auth_cascade, bad_config, bad_release, connection_pool_exhaustion, credential_stuffing, disk_full,
    feature_flag, flapping_alert, memory_leak, n_plus_one, slow_third_party,
};
use crate::{
    Error, seed,
    world::{ActiveFault, World},
};

/// What somebody who chooses a fault needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FaultInfo {
    /// Name, as in `--fault NAME`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What sets it right.
    pub remedy: &'static str,
}

/// What putting a fault in did.
pub(crate) struct Injected {
    /// The service that it touches first.
    pub(crate) component: String,
    /// One line for who runs the drill.
    pub(crate) detail: String,
    /// Whether new code was put out, so that replicas are replaced.
    pub(crate) released: bool,
}

pub(super) struct Fault {
    pub(super) info: FaultInfo,
    pub(super) inject: fn(&mut World, &mut StdRng) -> Injected,
    /// Whether the cause is gone.
    pub(super) remedied: fn(&World, component: &str) -> bool,
}

const FAULTS: [Fault; 11] = [
    connection_pool_exhaustion::FAULT,
    n_plus_one::FAULT,
    credential_stuffing::FAULT,
    bad_release::FAULT,
    memory_leak::FAULT,
    feature_flag::FAULT,
    slow_third_party::FAULT,
    auth_cascade::FAULT,
    bad_config::FAULT,
    disk_full::FAULT,
    flapping_alert::FAULT,
];

/// All faults, in the order of the documentation.
pub fn catalogue() -> Vec<FaultInfo> {
    FAULTS.iter().map(|f| f.info).collect()
}

/// A fault by its name.
pub(crate) fn find(name: &str) -> Option<FaultInfo> {
    FAULTS.iter().find(|f| f.info.name == name).map(|f| f.info)
}

/// Puts a fault in. The caller saves, and carries out what a release means.
pub(crate) fn inject(world: &mut World, name: &str) -> Result<Injected, Error> {
    let fault =
        FAULTS.iter().find(|f| f.info.name == name).ok_or_else(|| Error::UnknownFault(name.to_owned()))?;
    world.rounds += 1;
    let mut rng = seed::rng(world.seed, &format!("fault/{name}/{}", world.rounds));
    let before = world.services.clone();
    let injected = (fault.inject)(world, &mut rng);
    world.fault = Some(ActiveFault {
        name: name.to_owned(),
        since: Timestamp::now(),
        detail: injected.detail.clone(),
        component: injected.component.clone(),
        before,
    });
    Ok(injected)
}

/// Whether the cause of the fault that is in is gone; true if none is in.
pub(crate) fn remedied(world: &World) -> bool {
    let Some(active) = &world.fault else { return true };
    FAULTS.iter().find(|f| f.info.name == active.name).is_none_or(|f| (f.remedied)(world, &active.component))
}

#[cfg(test)]
mod tests;
