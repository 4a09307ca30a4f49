//! The platform as a source of evidence: what runs now, and who calls whom where it says so.

use std::collections::BTreeSet;

use firebell_core::ports::telemetry::{Answer, QueryResult, TelemetrySource};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::{ClusterObject, TelemetryPart, TopologyEdge, Window};
use serde_json::{Value, json};

use super::client::HttpPlatform;

impl HttpPlatform {
    async fn state(&self) -> QueryResult {
        let objects = self
            .listed()
            .await?
            .into_iter()
            .map(|mut service| {
                Mask::default().json(&mut service);
                let name = service.get("name").cloned().unwrap_or(Value::Null);
                let object = json!({"kind": "PlatformService", "metadata": {"name": name}, "spec": service});
                ClusterObject { source: self.name.clone(), object }
            })
            .collect();
        Ok(self.answer(TelemetryPart::Objects(objects)))
    }

    async fn relations(&self) -> QueryResult {
        let mut edges = BTreeSet::new();
        for service in self.listed().await? {
            let text = |v: &Value| v.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
            let Some(caller) = service.get("component").and_then(text) else { continue };
            for callee in
                service.get("calls").and_then(Value::as_array).into_iter().flatten().filter_map(text)
            {
                if callee != caller {
                    edges.insert(TopologyEdge { caller: caller.clone(), callee, kind: String::new() });
                }
            }
        }
        Ok(self.answer(TelemetryPart::Topology(edges.into_iter().collect())))
    }

    fn answer(&self, part: TelemetryPart) -> Answer {
        Answer { source: self.name.clone(), query: "GET /platform/v1/services".into(), part, note: None }
    }
}

impl TelemetrySource for HttpPlatform {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn cluster_state(&self) -> Option<BoxFuture<'_, QueryResult>> {
        Some(Box::pin(self.state()))
    }

    fn topology(&self, _window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        Some(Box::pin(self.relations()))
    }
}
