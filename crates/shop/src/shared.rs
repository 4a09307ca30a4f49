//! What all parts of a running shop share: the stored state, addresses, tracer, logs.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{PoisonError, RwLock},
};

use tokio::sync::Notify;

use crate::{
    Error,
    options::ShopOptions,
    telemetry::{Collector, LogFiles},
    world::{self, ServiceState, World},
};

/// One per shop.
pub(crate) struct Shared {
    pub(crate) options: ShopOptions,
    world: RwLock<World>,
    state_file: PathBuf,
    /// Base address by service and provider name.
    pub(crate) urls: BTreeMap<String, String>,
    pub(crate) tracer: Collector,
    pub(crate) logs: LogFiles,
    /// Rings when there are changes to deliver.
    pub(crate) new_changes: Notify,
    /// What customers complained about and has not been delivered.
    pub(crate) complaints: crate::crowd::Complaints,
}

impl Shared {
    pub(crate) fn new(
        options: ShopOptions,
        world: World,
        state_file: PathBuf,
        urls: BTreeMap<String, String>,
        logs: LogFiles,
    ) -> Self {
        let tracer = Collector::new(options.otlp.is_some(), options.seed);
        Self {
            options,
            world: RwLock::new(world),
            state_file,
            urls,
            tracer,
            logs,
            new_changes: Notify::new(),
            complaints: crate::crowd::Complaints::default(),
        }
    }

    /// Reads the state.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        read(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and stores it before the change is seen by anybody. A change that cannot be stored is not
    /// made.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut World) -> R) -> Result<R, Error> {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = world.clone();
        let result = change(&mut next);
        world::save(&self.state_file, &next)?;
        *world = next;
        drop(world);
        self.new_changes.notify_one();
        Ok(result)
    }

    /// Reads one service's settings.
    pub(crate) fn service<R>(&self, name: &str, read: impl FnOnce(&ServiceState) -> R) -> Option<R> {
        self.read(|w| w.services.get(name).map(read))
    }

    /// A number from a service's configuration.
    pub(crate) fn config_u64(&self, service: &str, name: &str, default: u64) -> u64 {
        self.service(service, |s| s.config.get(name).and_then(serde_json::Value::as_u64))
            .flatten()
            .unwrap_or(default)
    }

    /// How often the platform replaced an account's credentials; its owner got the newest by mail.
    pub(crate) fn rotations(&self, account: &str) -> u32 {
        self.read(|w| w.rotated.get(account).copied().unwrap_or(0))
    }

    /// Tells whether a flag takes in a customer.
    pub(crate) fn flag(&self, service: &str, flag: &str, key: &str) -> bool {
        let state = self.service(service, |s| s.flags.get(flag).copied()).flatten();
        state.is_some_and(|f| {
            f.enabled && crate::seed::bucket(&format!("{flag}/{key}"), 100) < u64::from(f.percent)
        })
    }
}
