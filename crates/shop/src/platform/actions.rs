//! The actions of the platform API: reading them, checking them, and what they change in the stored state. Carrying
//! the change over to what runs is in `apply`.

use serde_json::{Map, Value, json};

use crate::{
    service::Guarded,
    services::accounts::ACCOUNTS,
    world::{ACQUIRERS, Flag, RateLimit, World, announce, short_name, static_name},
};

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Rollback { to: Option<String> },
    Restart,
    ScalePool { size: u64 },
    ScaleReplicas { replicas: u32 },
    SetFlag { flag: String, state: Flag },
    SetConfig { name: String, value: Value },
    RateLimit { limit: Option<RateLimit>, per: String },
    RotateCredentials { accounts: Vec<String> },
    RevokeSessions { accounts: Vec<String> },
    FreeDisk,
    FailOver { to: String },
}

/// Why a request is wrong, with the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) field: String,
    pub(crate) error: String,
}

/// What an action did to the state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effect {
    pub(crate) output: String,
    /// Nothing was to be done.
    pub(crate) already: bool,
    pub(crate) inverse: Option<Value>,
}

fn refuse<T>(field: &str, error: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { field: field.to_owned(), error: error.into() })
}

fn text(params: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    match params.get(name).and_then(Value::as_str) {
        Some(value) if !value.is_empty() && value.len() <= 200 => Ok(value.to_owned()),
        _ => refuse(&format!("params.{name}"), "must be a text of 1 to 200 bytes"),
    }
}

fn number(
    params: &Map<String, Value>,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, Refusal> {
    match params.get(name).and_then(Value::as_u64) {
        Some(value) if range.contains(&value) => Ok(value),
        _ => {
            let error = format!("must be a whole number from {} to {}", range.start(), range.end());
            refuse(&format!("params.{name}"), error)
        }
    }
}

fn accounts(params: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let field = "params.accounts";
    let Some(list) = params.get("accounts").and_then(Value::as_array) else {
        return refuse(field, "must be a list of account names");
    };
    if list.is_empty() || list.len() > ACCOUNTS {
        return refuse(field, format!("must hold 1 to {ACCOUNTS} account names"));
    }
    list.iter()
        .map(|name| {
            let known =
                name.as_str().and_then(|n| n.strip_prefix("user-")).and_then(|n| n.parse::<usize>().ok());
            match (known, name.as_str()) {
                (Some(n), Some(name)) if n < ACCOUNTS => Ok(name.to_owned()),
                _ => refuse(field, format!("{name} is no account")),
            }
        })
        .collect()
}

impl Action {
    /// Reads an action and its parameters.
    pub(crate) fn read(name: &str, params: &Map<String, Value>) -> Result<Self, Refusal> {
        Ok(match name {
            "rollback" => Self::Rollback {
                to: if params.contains_key("to") { Some(text(params, "to")?) } else { None },
            },
            "restart" => Self::Restart,
            "scale_pool" => Self::ScalePool { size: number(params, "size", 1..=500)? },
            "scale_replicas" => {
                let replicas = number(params, "replicas", 1..=10)?;
                Self::ScaleReplicas { replicas: u32::try_from(replicas).unwrap_or(1) }
            }
            "set_flag" => {
                let Some(enabled) = params.get("enabled").and_then(Value::as_bool) else {
                    return refuse("params.enabled", "must be true or false");
                };
                let percent = u8::try_from(number(params, "percent", 0..=100)?).unwrap_or(0);
                Self::SetFlag { flag: text(params, "flag")?, state: Flag { enabled, percent } }
            }
            "set_config" => {
                let Some(value) = params.get("value").cloned() else {
                    return refuse("params.value", "is missing");
                };
                Self::SetConfig { name: text(params, "name")?, value }
            }
            "rate_limit" => {
                let per = text(params, "per")?;
                if !["client_ip", "caller", "account"].contains(&per.as_str()) {
                    return refuse("params.per", "must be client_ip, caller or account");
                }
                let per_minute = u32::try_from(number(params, "per_minute", 0..=1_000_000)?).unwrap_or(0);
                let limit = (per_minute > 0).then(|| RateLimit { per_minute, per: per.clone() });
                Self::RateLimit { limit, per }
            }
            "rotate_credentials" => Self::RotateCredentials { accounts: accounts(params)? },
            "revoke_sessions" => Self::RevokeSessions { accounts: accounts(params)? },
            "free_disk" => Self::FreeDisk,
            "fail_over" => Self::FailOver { to: text(params, "to")? },
            _ => return refuse("action", format!("there is no action {name}")),
        })
    }

    /// The actions that a service supports.
    pub(crate) fn supported(service: &str) -> Vec<&'static str> {
        let mut all = vec!["rollback", "restart", "set_flag", "set_config", "scale_replicas", "rate_limit"];
        if crate::world::DATABASES.contains(&service) {
            all.push("scale_pool");
        }
        match service {
            "accounts" => all.extend(["rotate_credentials", "revoke_sessions"]),
            "inventory" => all.extend(["free_disk", "fail_over"]),
            "payments" => all.push("fail_over"),
            _ => {}
        }
        all
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Rollback { .. } => "rollback",
            Self::Restart => "restart",
            Self::ScalePool { .. } => "scale_pool",
            Self::ScaleReplicas { .. } => "scale_replicas",
            Self::SetFlag { .. } => "set_flag",
            Self::SetConfig { .. } => "set_config",
            Self::RateLimit { .. } => "rate_limit",
            Self::RotateCredentials { .. } => "rotate_credentials",
            Self::RevokeSessions { .. } => "revoke_sessions",
            Self::FreeDisk => "free_disk",
            Self::FailOver { .. } => "fail_over",
        }
    }

    /// The service that a target names, if it supports this.
    pub(crate) fn target(&self, target: &str) -> Result<&'static str, Refusal> {
        let Some(service) = short_name(target) else {
            return refuse("target", format!("there is no service {target}"));
        };
        if !Self::supported(service).contains(&self.name()) {
            return refuse("action", format!("{service} does not support {}", self.name()));
        }
        Ok(service)
    }

    /// Changes the state, and writes the change into the history.
    pub(crate) fn change(&self, world: &mut World, service: &str) -> Result<Effect, Refusal> {
        let Some(service) = static_name(service) else { return refuse("target", "there is no such service") };
        let Some(state) = world.services.get_mut(service) else {
            return refuse("target", "there is no such service");
        };
        let undo = |action: &str, params: Value| Some(json!({"action": action, "params": params}));
        let plain = |output: String| Effect { output, already: false, inverse: None };
        let mut record: Option<(&str, String, String)> = None;
        let effect = match self {
            Self::Rollback { to } => {
                let index = state.releases.iter().position(|r| r.version == state.version).unwrap_or(0);
                let to = match to {
                    Some(to) => to.clone(),
                    None if index > 0 => state.releases[index - 1].version.clone(),
                    None => return refuse("params.to", "there is no version before the one that runs"),
                };
                if !state.releases.iter().any(|r| r.version == to) {
                    return refuse("params.to", format!("{service} has no version {to}"));
                }
                let from = std::mem::replace(&mut state.version, to.clone());
                record = Some(("deploy", from.clone(), to.clone()));
                Effect {
                    output: format!("{service} {from} -> {to}, {} replicas replaced", state.replicas),
                    already: from == to,
                    inverse: undo("rollback", json!({"to": from})),
                }
            }
            Self::Restart => plain(format!("{service}: {} replicas restarted one by one", state.replicas)),
            Self::ScalePool { size } => {
                let before = state.config.insert("db_pool_size".into(), json!(size));
                let before = before.and_then(|v| v.as_u64()).unwrap_or(0);
                record = Some(("config", before.to_string(), size.to_string()));
                Effect {
                    output: format!("{service}: connection pool {before} -> {size}"),
                    already: before == *size,
                    inverse: undo("scale_pool", json!({"size": before})),
                }
            }
            Self::ScaleReplicas { replicas } => {
                let before = std::mem::replace(&mut state.replicas, *replicas);
                record = Some(("scale", before.to_string(), replicas.to_string()));
                Effect {
                    output: format!("{service}: replicas {before} -> {replicas}"),
                    already: before == *replicas,
                    inverse: undo("scale_replicas", json!({"replicas": before})),
                }
            }
            Self::SetFlag { flag, state: to } => {
                let Some(current) = state.flags.get_mut(flag) else {
                    return refuse("params.flag", format!("{service} has no flag {flag}"));
                };
                let before = std::mem::replace(current, *to);
                record = Some(("flag", before.percent.to_string(), to.percent.to_string()));
                let words = |f: &Flag| format!("{} at {}%", if f.enabled { "on" } else { "off" }, f.percent);
                Effect {
                    output: format!("{service}: {flag} {} -> {}", words(&before), words(to)),
                    already: before == *to,
                    inverse: undo(
                        "set_flag",
                        json!({"flag": flag, "enabled": before.enabled, "percent": before.percent}),
                    ),
                }
            }
            Self::SetConfig { name, value } => {
                let Some(current) = state.config.get_mut(name) else {
                    return refuse("params.name", format!("{service} has no setting {name}"));
                };
                if std::mem::discriminant(current) != std::mem::discriminant(value)
                    || (value.is_number() && !value.is_u64())
                {
                    return refuse(
                        "params.value",
                        format!("must be of the kind of the present value {current}"),
                    );
                }
                let before = std::mem::replace(current, value.clone());
                record = Some(("config", before.to_string(), value.to_string()));
                Effect {
                    output: format!("{service}: {name} {before} -> {value}"),
                    already: before == *value,
                    inverse: undo("set_config", json!({"name": name, "value": before})),
                }
            }
            Self::RateLimit { limit, per } => {
                let before = std::mem::replace(&mut state.rate_limit, limit.clone());
                let words = |l: &Option<RateLimit>| {
                    l.as_ref()
                        .map_or("none".to_owned(), |l| format!("{} a minute per {}", l.per_minute, l.per))
                };
                record = Some(("config", words(&before), words(limit)));
                let (was, was_per) = before.as_ref().map_or((0, per), |l| (l.per_minute, &l.per));
                Effect {
                    output: format!(
                        "{service}: rate limit of {} {} -> {}",
                        Guarded::words(service),
                        words(&before),
                        words(limit)
                    ),
                    already: before == *limit,
                    inverse: undo("rate_limit", json!({"per_minute": was, "per": was_per})),
                }
            }
            Self::RotateCredentials { accounts } => {
                for account in accounts {
                    *world.rotated.entry(account.clone()).or_default() += 1;
                }
                plain(format!("new passwords mailed to {} customers, their sessions ended", accounts.len()))
            }
            Self::RevokeSessions { accounts } => {
                plain(format!("sessions of {} accounts ended", accounts.len()))
            }
            Self::FreeDisk => {
                // Rotated logs alone would grow again; the platform's clean-up also turns rotation on.
                state.config.insert("log_rotation_max_mb".into(), json!(2));
                plain(format!("{service}: logs removed, rotation at 2 MB turned on"))
            }
            Self::FailOver { to } => {
                let known: &[&str] = if service == "payments" { &ACQUIRERS } else { &["primary", "replica"] };
                if !known.contains(&to.as_str()) {
                    return refuse("params.to", format!("{service} can fail over to {}", known.join(" or ")));
                }
                let before = state.active.replace(to.clone()).unwrap_or_default();
                record = Some(("config", before.clone(), to.clone()));
                Effect {
                    output: format!("{service}: {before} -> {to}"),
                    already: before == *to,
                    inverse: undo("fail_over", json!({"to": before})),
                }
            }
        };
        if service == "accounts" && matches!(self, Self::Restart | Self::Rollback { .. }) {
            // What the old process waited for, or stumbled over, is gone with it.
            world.conditions.accounts = None;
        }
        if !effect.already {
            let (kind, from, to) = record.unwrap_or(("node", String::new(), String::new()));
            let entry = announce(world, kind, service, &effect.output);
            entry.by = "platform-api".to_owned();
            entry.from = Some(from).filter(|f| !f.is_empty());
            entry.to = Some(to).filter(|t| !t.is_empty());
        }
        Ok(effect)
    }
}

#[cfg(test)]
mod tests;
