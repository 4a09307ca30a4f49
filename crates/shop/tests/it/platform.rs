//! The platform API: authentication, idempotency, dry runs, and a state that outlives the process.

use serde_json::{Value, json};

use crate::support::{Lab, lab, options};

fn version(services: &Value, name: &str) -> String {
    let list = services["services"].as_array().cloned().unwrap_or_default();
    let found = list.iter().find(|s| s["name"] == json!(name)).cloned().unwrap_or_default();
    found["version"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_who_has_no_token_and_names_wrong_fields() {
    let lab = lab(|o| o.customers = 0).await;
    let base = &lab.shop.addresses().platform;
    for path in ["/platform/v1/services", "/platform/v1/changes", "/control/v1/status", "/control/v1/faults"]
    {
        for token in [None, Some(""), Some("wrong")] {
            let mut request = lab.client.get(format!("{base}{path}"));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            assert_eq!(request.send().await.expect("an answer").status().as_u16(), 401, "{path} {token:?}");
        }
    }
    let (status, body) = lab.act("k", "scale_pool", "checkout", json!({"size": "big"})).await;
    assert_eq!((status, &body["field"]), (400, &json!("params.size")));
    let (status, _) = lab.ask("POST", "/platform/v1/actions", Some(json!({"key": "k", "surprise": 1}))).await;
    assert_eq!(status, 400);
    let (status, body) = lab.ask("POST", "/control/v1/faults", Some(json!({"name": "gremlins"}))).await;
    assert_eq!((status, &body["field"]), (400, &json!("name")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_acts_once_even_at_the_same_time() {
    let lab = lab(|o| o.customers = 0).await;
    let services = lab.get("/platform/v1/services").await;
    let versions = services["services"][2]["versions"].as_array().cloned().unwrap_or_default();
    assert_eq!(versions.len(), 3);
    let order = || lab.act("INC-1:1:0", "rollback", "service/catalog", json!({}));
    let (first, second) = tokio::join!(order(), order());
    assert_eq!((first.0, &first.1), (200, &second.1));
    assert_eq!(first.1["status"], json!("done"));
    assert_eq!(
        json!(version(&lab.get("/platform/v1/services").await, "catalog")),
        versions[1],
        "one step back"
    );
    assert_eq!(order().await, first);
    // The key of another action is not this one's.
    assert_eq!(lab.act("INC-1:1:0", "restart", "service/catalog", json!({})).await.0, 409);
    let body = json!({"key": "d", "action": "rollback", "target": "catalog", "params": {}, "dry_run": true});
    let (status, dry) = lab.ask("POST", "/platform/v1/actions", Some(body)).await;
    assert_eq!((status, &dry["inverse"]["params"]["to"]), (200, &versions[1]));
    assert_eq!(
        json!(version(&lab.get("/platform/v1/services").await, "catalog")),
        versions[1],
        "nothing changed"
    );
    let already = lab.act("k2", "rollback", "catalog", json!({"to": versions[1]})).await;
    assert_eq!(already.1["status"], json!("already_done"));
}

#[test]
fn state_survives_the_hard_end_of_the_process() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut tuned = options(dir.path());
    tuned.customers = 2;

    let first = runtime();
    let (addresses, answer, since) = first.block_on(async {
        let lab = Lab::start(tuned.clone(), None).await;
        let answer = lab.act("key-1", "scale_pool", "checkout", json!({"size": 23})).await;
        lab.act("key-2", "rate_limit", "accounts", json!({"per_minute": 9, "per": "account"})).await;
        let active = lab.inject("bad-release").await;
        let addresses = lab.shop.addresses().clone();
        // Nothing of the shop is told that it ends.
        std::mem::forget(lab);
        (addresses, answer, active["since"].clone())
    });
    first.shutdown_background();

    let second = runtime();
    second.block_on(async {
        let lab = Lab::start(tuned, None).await;
        assert_eq!(lab.shop.addresses(), &addresses);
        assert_eq!(lab.act("key-1", "scale_pool", "checkout", json!({"size": 23})).await, answer);
        assert_eq!(lab.sum("checkout", "db_pool_size", &[]).await, 23.0);
        let active = lab.get("/control/v1/faults").await["active"].clone();
        assert_eq!((&active["name"], &active["since"]), (&json!("bad-release"), &since));
        assert_eq!(active["remedied"], json!(false));
        let services = lab.get("/platform/v1/services").await;
        let accounts =
            services["services"].as_array().into_iter().flatten().find(|s| s["name"] == json!("accounts"));
        assert_eq!(accounts.map(|a| a["rate_limit"]["per_minute"].clone()), Some(json!(9)));
        // Taking the fault out puts everything back as it was before.
        let (status, body) = lab.ask("DELETE", "/control/v1/faults", None).await;
        assert_eq!((status, &body["cleared"]), (200, &json!(true)));
        let component = active["component"].as_str().unwrap_or_default();
        assert!(version(&lab.get("/platform/v1/services").await, component).ends_with(".8.0"));
    });
}
