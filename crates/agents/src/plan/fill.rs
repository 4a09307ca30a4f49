//! Filling in one action for one hypothesis: parameters, preconditions, inverse. An action that cannot be filled in
//! answers why, and is not proposed.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::mitigation::Risk;
use firebell_core::ports::platform::ServiceState;
use firebell_core::secrets::is_pseudonym;
use firebell_core::verdict::Hypothesis;
use serde_json::{Value, json};

use super::draft::Draft;
use super::targets::{Situation, failover, short};

/// Sign-ins or calls a minute that one address may make while an attack is on: people need fewer.
const PER_ADDRESS: u32 = 10;
/// Calls a minute left to each caller of a service that its callers' retries drown.
const PER_CALLER: u32 = 600;

/// One action, filled in.
pub(crate) fn fill(s: &Situation<'_>, h: &Hypothesis, action: &str, target: &str) -> Result<Draft, String> {
    let state = s.service(target).ok_or_else(|| format!("no platform runs {target}"))?;
    if !state.actions.iter().any(|a| a == action) {
        return Err(format!("the platform does not offer {action} for {}", state.name));
    }
    let draft = match action {
        "rollback" => rollback(s, h, state),
        "set_flag" => set_flag(s, h, state),
        "set_config" => set_config(s, h, state),
        "scale_pool" => scale_pool(state),
        "scale_replicas" => Ok(scale_replicas(state)),
        "restart" => Ok(restart(state)),
        "rate_limit" => Ok(rate_limit(h, state)),
        "rotate_credentials" | "revoke_sessions" => accounts(s, action, state),
        "free_disk" => Ok(free_disk(state)),
        "fail_over" => fail_over(s, h, state),
        other => Err(format!("{other} is not an action of the platform API")),
    }?;
    Ok(draft)
}

fn id(state: &ServiceState) -> &str {
    if state.component.is_empty() { &state.name } else { &state.component }
}

fn supports(state: &ServiceState, action: &str) -> bool {
    state.actions.iter().any(|a| a == action)
}

fn rollback(s: &Situation<'_>, h: &Hypothesis, state: &ServiceState) -> Result<Draft, String> {
    let change = s.change(h).filter(|c| short(&c.component) == short(&state.name));
    if let Some(to) = change.and_then(|c| c.to.as_ref())
        && change.is_some_and(|c| c.kind == ChangeKind::Deploy)
        && *to != state.version
    {
        return Err(format!("{} no longer runs {to}", state.name));
    }
    let index = state.versions.iter().position(|v| *v == state.version);
    let before = index.and_then(|i| i.checked_sub(1)).and_then(|i| state.versions.get(i));
    let to = change
        .and_then(|c| c.from.as_ref())
        .filter(|v| state.versions.contains(v) && **v != state.version)
        .or(before)
        .ok_or_else(|| format!("{} has no version before {}", state.name, state.version))?;
    Ok(Draft::new(format!("roll {} back from {} to {to}", state.name, state.version), Risk::Medium)
        .step("rollback", id(state), json!({"to": to}), Some(json!({"to": state.version})))
        .given(format!("{} runs {} and {to} can be rolled back to", state.name, state.version)))
}

/// Words of flags that answer many queries with one.
const EAGER: [&str; 7] = ["eager", "preload", "prefetch", "batch", "join", "bulk", "dataloader"];

fn set_flag(s: &Situation<'_>, h: &Hypothesis, state: &ServiceState) -> Result<Draft, String> {
    let change = s.change(h);
    let text = change.map(change_text).unwrap_or_default();
    let flipped = change.filter(|c| c.kind == ChangeKind::Flag);
    let indicator = h.indicator.as_deref().unwrap_or("");
    // The flag that was changed goes back; an N+1 is answered by loading eagerly; else the flag that the change names.
    if let Some(change) = flipped {
        let flag = longest(state.flags.keys(), &text)
            .or_else(|| longest(state.flags.keys(), indicator))
            .ok_or_else(|| format!("{} has no flag that {:?} names", state.name, change.summary))?;
        let percent = change.from.as_deref().map_or(0, percent_of);
        return flag_to(state, &flag, percent, "as it was before");
    }
    if h.cause == "code.n_plus_one" {
        let eager = state.flags.keys().find(|f| EAGER.iter().any(|w| f.to_lowercase().contains(w)));
        if let Some(flag) = eager {
            return Ok(flag_to(state, flag, 100, "it loads eagerly")?.first());
        }
    }
    if h.cause == "change.flag" || change.is_some() {
        let named = longest(state.flags.keys(), &text).or_else(|| longest(state.flags.keys(), indicator));
        if let Some(flag) = named {
            let on = flag_percent(state.flags.get(&flag)) > 0;
            return flag_to(state, &flag, if on { 0 } else { 100 }, "the change is guarded by it");
        }
    }
    Err(format!("no flag of {} is known to answer {}", state.name, h.cause))
}

fn flag_percent(flag: Option<&Value>) -> u64 {
    let enabled = flag.and_then(|f| f.get("enabled")).and_then(Value::as_bool).unwrap_or(false);
    let percent = flag.and_then(|f| f.get("percent")).and_then(Value::as_u64);
    if enabled { percent.unwrap_or(100) } else { 0 }
}

fn flag_to(state: &ServiceState, flag: &str, percent: u64, why: &str) -> Result<Draft, String> {
    let is = flag_percent(state.flags.get(flag));
    if is == percent {
        return Err(format!("{flag} of {} is at {percent} % already", state.name));
    }
    let params = |p: u64| json!({"flag": flag, "enabled": p > 0, "percent": p});
    Ok(Draft::new(format!("set {flag} of {} from {is} % to {percent} %", state.name), Risk::Low)
        .step("set_flag", id(state), params(percent), Some(params(is)))
        .given(format!("{flag} of {} is at {is} %; {why}", state.name)))
}

/// `0`, `0%`, `off`, `false`, `{"enabled":true,"percent":20}`.
fn percent_of(text: &str) -> u64 {
    let text = text.trim();
    if let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
        return flag_percent(Some(&value));
    }
    match text.trim_end_matches('%').trim().to_ascii_lowercase().as_str() {
        "on" | "true" | "enabled" => 100,
        number => number.parse::<f64>().map_or(0, |n| n.clamp(0.0, 100.0) as u64),
    }
}

fn change_text(change: &Change) -> String {
    [
        change.summary.as_str(),
        change.diff.as_deref().unwrap_or(""),
        &change.files.join("\n"),
        change.to.as_deref().unwrap_or(""),
    ]
    .join("\n")
}

/// The longest of the names that a text holds as a word.
fn longest<'a>(names: impl Iterator<Item = &'a String>, text: &str) -> Option<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let held = |name: &str| {
        text.match_indices(name)
            .any(|(at, _)| !text[..at].ends_with(word) && !text[at + name.len()..].starts_with(word))
    };
    names.filter(|n| held(n)).max_by_key(|n| (n.len(), std::cmp::Reverse((*n).clone()))).cloned()
}

fn set_config(s: &Situation<'_>, h: &Hypothesis, state: &ServiceState) -> Result<Draft, String> {
    let change = s
        .change(h)
        .filter(|c| matches!(c.kind, ChangeKind::Config | ChangeKind::Deploy | ChangeKind::Commit))
        .ok_or_else(|| format!("no change of the configuration of {} is blamed", state.name))?;
    let text = change_text(change);
    let name = longest(state.config.keys(), &text)
        .ok_or_else(|| format!("{} has no setting that {:?} names", state.name, change.summary))?;
    let is = state.config.get(&name).cloned().unwrap_or(Value::Null);
    let from_diff = change.diff.as_deref().and_then(|d| removed_value(d, &name));
    let from_ledger = change.from.clone().filter(|_| change.kind == ChangeKind::Config);
    let value = from_ledger
        .into_iter()
        .chain(from_diff)
        .map(|text| typed(&text, &is))
        .find(|v| std::mem::discriminant(v) == std::mem::discriminant(&is))
        .ok_or_else(|| format!("what {name} of {} was before is not recorded", state.name))?;
    if value == is {
        return Err(format!("{name} of {} is as it was before", state.name));
    }
    let inverse = Some(json!({"name": name, "value": is}));
    Ok(Draft::new(format!("set {name} of {} from {is} back to {value}", state.name), Risk::Low)
        .step("set_config", id(state), json!({"name": name, "value": value}), inverse)
        .given(format!("{name} of {} is {is}", state.name)))
}

/// `-name: value` or `-name = value` of a unified diff.
fn removed_value(diff: &str, name: &str) -> Option<String> {
    diff.lines().filter(|l| l.starts_with('-') && !l.starts_with("---")).find_map(|line| {
        let rest = line[1..].trim().trim_start_matches('"').strip_prefix(name)?;
        let value = rest.trim_start_matches('"').trim_start().strip_prefix([':', '='])?;
        Some(value.trim().trim_end_matches(',').to_owned())
    })
}

/// A recorded value in the type of the present one.
fn typed(text: &str, like: &Value) -> Value {
    let parsed: Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| json!(text.trim()));
    match (like, &parsed) {
        (Value::String(_), Value::String(_)) => parsed,
        (Value::String(_), other) => json!(other.to_string()),
        _ => parsed,
    }
}

fn scale_pool(state: &ServiceState) -> Result<Draft, String> {
    let size = state
        .config
        .iter()
        .filter(|(k, v)| {
            let k = k.to_lowercase();
            v.is_u64() && k.contains("pool") && ["size", "max", "limit"].iter().any(|w| k.contains(w))
        })
        .min_by_key(|(k, _)| (!k.contains("db"), (*k).clone()))
        .and_then(|(_, v)| v.as_u64())
        .filter(|n| *n > 0)
        .ok_or_else(|| format!("the platform does not say how large the pool of {} is", state.name))?;
    let larger = size * 2;
    let mut draft = Draft::new(
        format!("enlarge the connection pool of {} from {size} to {larger}", state.name),
        Risk::Low,
    )
    .step("scale_pool", id(state), json!({"size": larger}), Some(json!({"size": size})))
    .given(format!("the pool of {} holds {size} connections", state.name))
    .given(format!("the database takes {} more connections for each replica", larger - size));
    if supports(state, "restart") {
        // Requests that hold or wait for the old pool's connections go with the old processes.
        draft = draft.step("restart", id(state), json!({}), None);
        draft.title.push_str(" and restart it");
        draft.risk = Risk::Medium;
    }
    Ok(draft)
}

fn scale_replicas(state: &ServiceState) -> Draft {
    let (is, to) = (state.replicas.max(1), state.replicas.max(1) * 2);
    Draft::new(format!("scale {} from {is} to {to} replicas", state.name), Risk::Low)
        .step("scale_replicas", id(state), json!({"replicas": to}), Some(json!({"replicas": is})))
        .given(format!("{} has {is} replicas and the platform has room for {to}", state.name))
}

fn restart(state: &ServiceState) -> Draft {
    Draft::new(format!("restart {}", state.name), Risk::Medium)
        .step("restart", id(state), json!({}), None)
        .given(format!("{} may lose requests in flight", state.name))
}

fn rate_limit(h: &Hypothesis, state: &ServiceState) -> Draft {
    let hostile = h.cause.starts_with("security.") || h.cause == "traffic.abuse";
    let (per, per_minute) = if hostile { ("client_ip", PER_ADDRESS) } else { ("caller", PER_CALLER) };
    Draft::new(format!("limit {} to {per_minute} a minute per {per}", state.name), Risk::Medium)
        .step(
            "rate_limit",
            id(state),
            json!({"per_minute": per_minute, "per": per}),
            Some(json!({"per_minute": 0, "per": per})),
        )
        .given(format!("what {} does for people fits into {per_minute} a minute per {per}", state.name))
}

fn accounts(s: &Situation<'_>, action: &str, state: &ServiceState) -> Result<Draft, String> {
    if s.compromised.is_empty() {
        return Err("no compromised account was found in the sign-in records".to_owned());
    }
    // Who stands behind a pseudonym only the service's own records tell.
    let names: Vec<&String> = s.compromised.iter().filter(|name| !is_pseudonym(name)).collect();
    let unnamed = s.compromised.len() - names.len();
    if names.is_empty() {
        return Err(format!(
            "the {unnamed} compromised accounts are called by mail addresses, which are not kept: find by your own records \
             who signed in from the attacking addresses"
        ));
    }
    let mut entered = format!("each of the {} accounts was entered from an attacking address", names.len());
    if unnamed > 0 {
        entered.push_str(&format!(
            "; {unnamed} more are called by mail addresses and are found by your own records"
        ));
    }
    let word = if action == "rotate_credentials" { "rotate the credentials" } else { "end the sessions" };
    Ok(Draft::new(format!("{word} of {} compromised accounts", names.len()), Risk::High)
        .step(action, id(state), json!({"accounts": names}), None)
        .given(entered))
}

fn free_disk(state: &ServiceState) -> Draft {
    Draft::new(format!("free the disk of {} and rotate its logs", state.name), Risk::Medium)
        .step("free_disk", id(state), json!({}), None)
        .given(format!(
            "logs on the volume of {} may be lost: they are kept elsewhere or not needed",
            state.name
        ))
}

fn fail_over(s: &Situation<'_>, h: &Hypothesis, state: &ServiceState) -> Result<Draft, String> {
    let (active, targets) = failover(s, state);
    let ill = short(&h.component);
    let to = targets
        .iter()
        .find(|t| Some(*t) != active.as_ref() && t.as_str() != ill)
        .cloned()
        // Without a list the contract's own name for a standby is all that there is.
        .or_else(|| {
            (targets.is_empty() && !h.component.starts_with("third_party/")).then(|| "replica".to_owned())
        })
        .ok_or_else(|| {
            format!("the platform does not list to what {} can fail over (`failover_targets`)", state.name)
        })?;
    let from = active.as_deref().or_else(|| targets.iter().find(|t| t.as_str() == ill).map(String::as_str));
    let title = match from {
        Some(from) => format!("fail {} over from {from} to {to}", state.name),
        None => format!("fail {} over to {to}", state.name),
    };
    let back = from.map_or_else(|| "primary".to_owned(), str::to_owned);
    Ok(Draft::new(title, Risk::High)
        .step("fail_over", id(state), json!({"to": to}), Some(json!({"to": back})))
        .given(format!("{to} is healthy and in step"))
        .given(format!("{back} can be failed back to")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_as_whole_words() {
        let names = ["rate".to_owned(), "rate_limit".to_owned(), "pool".to_owned()];
        assert_eq!(longest(names.iter(), "set rate_limit: 5"), Some("rate_limit".to_owned()));
        assert_eq!(longest(names.iter(), "poolsize up"), None);
    }

    #[test]
    fn values_before_are_read_in_the_type_of_now() {
        assert_eq!(
            removed_value("--- a\n+++ b\n-timeout_ms: 800\n+timeout_ms: 5\n", "timeout_ms"),
            Some("800".into())
        );
        assert_eq!(typed("800", &json!(5)), json!(800));
        assert_eq!(typed("\"http://a\"", &json!("x")), json!("http://a"));
        assert_eq!(typed("plain", &json!("x")), json!("plain"));
        assert_eq!(
            (percent_of("0"), percent_of("20%"), percent_of("off"), percent_of("on")),
            (0, 20, 0, 100)
        );
    }
}
