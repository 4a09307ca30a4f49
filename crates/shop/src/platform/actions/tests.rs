//! Actions on the state.

use jiff::Timestamp;

use super::*;
use crate::world::new_world;

fn world() -> World {
    new_world(5, Timestamp::UNIX_EPOCH)
}

fn act(world: &mut World, name: &str, target: &str, params: &Value) -> Result<Effect, Refusal> {
    let action = Action::read(name, params.as_object().unwrap_or(&Map::new()))?;
    let service = action.target(target)?;
    action.change(world, service)
}

#[test]
fn every_reversible_action_is_undone_by_its_inverse() {
    let cases = [
        ("rollback", "catalog", json!({})),
        ("scale_pool", "checkout", json!({"size": 20})),
        ("scale_replicas", "gateway", json!({"replicas": 4})),
        ("set_flag", "catalog", json!({"flag": "eager_loading", "enabled": true, "percent": 100})),
        ("set_config", "payments", json!({"name": "acquirer_timeout_ms", "value": 9})),
        ("rate_limit", "accounts", json!({"per_minute": 20, "per": "client_ip"})),
        ("fail_over", "payments", json!({"to": "acquirer-b"})),
        ("fail_over", "inventory", json!({"to": "replica"})),
    ];
    for (name, target, params) in cases {
        let mut world = world();
        let before = world.services.clone();
        let effect = act(&mut world, name, target, &params).expect("the action is right");
        assert!(!effect.already && world.services != before, "{name}");
        let again = act(&mut world.clone(), name, target, &params).map(|e| e.already);
        // A rollback without a version goes back one more each time.
        assert!(name == "rollback" || again == Ok(true), "{name}");
        let inverse = effect.inverse.expect("it is reversible");
        let undo = inverse["action"].as_str().unwrap_or_default().to_owned();
        act(&mut world, &undo, target, &inverse["params"]).expect("the inverse is right");
        assert_eq!(world.services, before, "{name}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let cases = [
        ("explode", "catalog", json!({}), "action"),
        ("restart", "service/nowhere", json!({}), "target"),
        ("fail_over", "catalog", json!({"to": "replica"}), "action"),
        ("rollback", "catalog", json!({"to": "0.0.1"}), "params.to"),
        ("scale_pool", "checkout", json!({"size": 0}), "params.size"),
        ("scale_pool", "checkout", json!({"size": "many"}), "params.size"),
        ("set_flag", "catalog", json!({"flag": "nope", "enabled": true, "percent": 5}), "params.flag"),
        ("set_flag", "catalog", json!({"flag": "eager_loading", "percent": 5}), "params.enabled"),
        ("set_config", "catalog", json!({"name": "page_size", "value": "big"}), "params.value"),
        ("set_config", "catalog", json!({"name": "page_size", "value": -1}), "params.value"),
        ("rate_limit", "accounts", json!({"per": "planet", "per_minute": 1}), "params.per"),
        ("rotate_credentials", "accounts", json!({"accounts": ["root"]}), "params.accounts"),
        ("fail_over", "inventory", json!({"to": "moon"}), "params.to"),
    ];
    for (name, target, params, field) in cases {
        let mut world = world();
        let before = world.clone();
        let refusal = act(&mut world, name, target, &params).expect_err(name);
        assert_eq!((refusal.field.as_str(), &world), (field, &before), "{name} {params}");
    }
}
