//! What holds for every object and every output.

use firebell_core::telemetry::{ClusterObject, Telemetry};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::faults::FAULTS;
use super::golden::{record, texts};
use super::shop::Shop;
use crate::{Settings, investigate, reevaluate};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "(Pod|Service|Node|80/TCP|250m|1Gi|RWO|2026-03-02T10:00:00Z)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let keys = "(kind|metadata|name|labels|spec|status|containers|ports|env|volumes|items|conditions|type|image)";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..5).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_object_and_any_output_are_survived(
        kind in "(Pod|Service|Node|Deployment|ReplicaSet|PersistentVolumeClaim|PersistentVolume|ResourceQuota|Ingress|HorizontalPodAutoscaler|NetworkPolicy|Event|ConfigMap)",
        body in any_json(), spec in any_json(), status in any_json(), output in "(?s).{0,300}",
        command in "(kubectl (get|describe|top|logs) (pod|svc|nodes|pvc|quota|ingress|hpa|netpol|events|all)( -o (json|yaml|wide))?|systemctl status kubelet|df -h|free|ss -s|ping x|tc qdisc|psql|nslookup a|curl b)",
    ) {
        let mut t = Telemetry::default();
        let source = "k8s/a.json".to_owned();
        let object = json!({"kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status});
        t.objects.push(ClusterObject { source: source.clone(), object });
        t.objects.push(ClusterObject { source, object: body });
        record(&mut t, &command, &output);
        investigate(&t, &Settings::default());
    }

    #[test]
    fn damaged_text_is_survived(cut in 0usize..4000, junk in "\\PC{0,20}", fault in 0usize..60) {
        let mut s = Shop::new();
        (FAULTS[fault % FAULTS.len()].apply)(&mut s);
        let mut t = texts(&s);
        for c in &mut t.commands {
            let at = c.output.char_indices().map(|i| i.0).nth(cut % c.output.chars().count().max(1)).unwrap_or(0);
            c.output.insert_str(at, &junk);
        }
        let v = investigate(&t, &Settings::default());
        for e in v.hypotheses.iter().flat_map(|h| h.evidence.iter()) {
            let again = reevaluate(&t, e);
            prop_assert_eq!(again.as_deref(), Some(e.sha256.as_str()));
        }
    }
}
