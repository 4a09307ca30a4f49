//! Carrying a changed state over to what runs: pools, replicas, files, sessions.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::Value;

use super::{actions::Action, api::Platform};
use crate::{Error, service::Service, services::accounts, world::World};

impl Platform {
    /// Carries out what an action means for the running service. Adds to the output what came of it.
    pub(super) async fn apply(&self, action: &Action, service: &Service) -> Result<Option<String>, Error> {
        match action {
            Action::Rollback { .. } => service.restart("deploy").await,
            Action::Restart => service.restart("requested").await,
            Action::ScalePool { .. } | Action::SetConfig { .. } | Action::ScaleReplicas { .. } => {
                self.settle(service)
            }
            Action::RateLimit { .. } => service.limiter.clear(),
            Action::RotateCredentials { accounts } => {
                let rotations: Vec<(String, u32)> =
                    accounts.iter().map(|a| (a.clone(), self.shared.rotations(a))).collect();
                accounts::rotate(service, &rotations)?;
            }
            Action::RevokeSessions { accounts } => {
                let ended = accounts::revoke(service, accounts)?;
                return Ok(Some(format!("{ended} sessions ended")));
            }
            Action::FreeDisk => {
                if let Some(volume) = &service.volume {
                    let freed = volume.free_logs().map_err(Error::file(volume.path("")))?;
                    return Ok(Some(format!("{:.1} MiB freed", freed as f64 / 1_048_576.0)));
                }
            }
            Action::FailOver { to } if service.name == "inventory" => self.switch_copy(service, to)?,
            Action::FailOver { .. } | Action::SetFlag { .. } => {}
        }
        Ok(None)
    }

    /// Brings pool and replicas to the size that the state says.
    fn settle(&self, service: &Service) {
        if let Some(pool) = &service.pool {
            let size = service.config("db_pool_size", 10);
            if size != pool.size() as u64 {
                pool.resize(usize::try_from(size).unwrap_or(10));
            }
        }
        if let Some(replicas) = self.shared.service(service.name, |s| s.replicas) {
            service.fleet.resize(replicas);
        }
    }

    /// Makes another copy of the database the active one. The copy is brought up to date first, as a replica is.
    fn switch_copy(&self, service: &Service, to: &str) -> Result<(), Error> {
        let (Some(volume), Some(pool)) = (&service.volume, &service.pool) else { return Ok(()) };
        let target = volume.path_on(to, "data.sqlite")?;
        if target != volume.path("data.sqlite") {
            service.setup(|db| db.backup("main", &target, None::<fn(rusqlite::backup::Progress)>))?;
            volume.activate(to);
            pool.reopen(target);
        }
        Ok(())
    }

    /// Undoes a fault: settings as before, and processes that start afresh.
    pub(super) async fn clear_fault(&self) -> Result<bool, Error> {
        let mut touched: Vec<String> = Vec::new();
        let found = self.shared.update(|world: &mut World| {
            let Some(fault) = world.fault.take() else { return false };
            touched.push(fault.component.clone());
            for (name, before) in fault.before {
                if world.services.get(&name) != Some(&before) {
                    touched.push(name.clone());
                    world.services.insert(name, before);
                }
            }
            world.conditions = Default::default();
            true
        })?;
        if !found {
            return Ok(false);
        }
        // The reconciliation and the partner need a moment to see that it is over.
        tokio::time::sleep(Duration::from_millis(200)).await;
        for service in &self.services {
            self.settle(service);
            service.limiter.clear();
            if service.name == "inventory" && touched.iter().any(|t| t == "inventory") {
                self.switch_copy(service, "primary")?;
                if let Some(volume) = &service.volume {
                    volume.free_logs().map_err(Error::file(volume.path("")))?;
                    volume.fill()?;
                }
            }
            if touched.iter().any(|t| t == service.name) || service.fleet.ready() == 0 {
                service.restart("reset").await;
                service.ended_in_order.store(false, Ordering::SeqCst);
            }
        }
        Ok(true)
    }

    /// The state of all services as the platform API shows it.
    pub(super) fn services_json(&self) -> Value {
        let list = self.services.iter().filter_map(|service| {
            self.shared.service(service.name, |state| {
                let versions: Vec<&str> = state.releases.iter().map(|r| r.version.as_str()).collect();
                serde_json::json!({
                    "name": service.name,
                    "component": format!("{}{}", crate::world::COMPONENT_PREFIX, service.name),
                    "ready": service.fleet.ready() > 0,
                    "version": state.version,
                    "versions": versions,
                    "replicas": state.replicas,
                    "config": state.config,
                    "flags": state.flags,
                    "rate_limit": state.rate_limit,
                    "active": state.active,
                    "failover_targets": match service.name {
                        "payments" => crate::world::ACQUIRERS.to_vec(),
                        "inventory" => vec!["primary", "replica"],
                        _ => vec![],
                    },
                    "actions": Action::supported(service.name),
                })
            })
        });
        serde_json::json!({"services": list.collect::<Vec<_>>()})
    }
}
