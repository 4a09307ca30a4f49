//! A live source whose answers hold no secrets and no personal data: all are put into this before anybody asks them, so that
//! nothing unmasked is stored as evidence or shown.

use std::sync::Arc;

use firebell_core::ports::telemetry::{
    LogQuery, MetricInfo, MetricQuery, QueryError, QueryResult, TelemetrySource, TraceQuery,
};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::Window;

/// A source behind a mask.
pub struct Masked {
    inner: Arc<dyn TelemetrySource>,
    mask: Mask,
}

impl Masked {
    /// Puts a source behind a mask.
    pub fn new(inner: Arc<dyn TelemetrySource>, mask: &Mask) -> Self {
        Self { inner, mask: mask.clone() }
    }

    fn masked<'a>(&'a self, call: BoxFuture<'a, QueryResult>) -> BoxFuture<'a, QueryResult> {
        Box::pin(async move {
            let mut answer = call.await?;
            self.mask.part(&mut answer.part);
            Ok(answer)
        })
    }
}

impl TelemetrySource for Masked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.inner.health()
    }

    fn metric_names(&self, window: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        self.inner.metric_names(window)
    }

    fn metrics<'a>(&'a self, query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.metrics(query).map(|call| self.masked(call))
    }

    fn logs<'a>(&'a self, query: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.logs(query).map(|call| self.masked(call))
    }

    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.traces(query).map(|call| self.masked(call))
    }

    fn changes(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.changes(window).map(|call| self.masked(call))
    }

    fn cluster_state(&self) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.cluster_state()
    }

    fn cluster_events(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.cluster_events(window).map(|call| self.masked(call))
    }

    fn topology(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.topology(window)
    }
}

#[cfg(test)]
mod tests {
    use firebell_core::change::{Change, ChangeKind};
    use firebell_core::ports::telemetry::Answer;
    use firebell_core::telemetry::{Labels, MetricKind, Series, TelemetryPart};

    use super::*;

    /// Gives one series and one change, both careless.
    struct Careless;

    impl TelemetrySource for Careless {
        fn name(&self) -> &str {
            "careless/main"
        }

        fn health(&self) -> BoxFuture<'_, Health> {
            Box::pin(async { Health { name: self.name().to_owned(), ok: true, detail: String::new() } })
        }

        fn metrics<'a>(&'a self, _query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
            let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
            let of = |user: &str| Series {
                source: self.name().to_owned(),
                name: "logins_total".to_owned(),
                labels: Labels::from([label("user", user), label("instance", "10.0.3.17:9100")]),
                component: None,
                kind: MetricKind::Counter,
                points: vec![(0, 1.0)],
            };
            let part = TelemetryPart::Series(vec![of("ann@example.com"), of("bob@example.com")]);
            Some(Box::pin(async { Ok(answer(part)) }))
        }

        fn changes(&self, _window: Window) -> Option<BoxFuture<'_, QueryResult>> {
            let change = Change {
                id: "c-1".into(),
                at: jiff::Timestamp::UNIX_EPOCH,
                kind: ChangeKind::Config,
                component: "web".into(),
                from: None,
                to: None,
                by: Some("ann@example.com".into()),
                source: None,
                commit: None,
                summary: "password=hunter2".into(),
                diff: Some("+password: hunter2\n".into()),
                files: Vec::new(),
            };
            Some(Box::pin(async { Ok(answer(TelemetryPart::Changes(vec![change]))) }))
        }
    }

    fn answer(part: TelemetryPart) -> Answer {
        Answer { source: "careless/main".into(), query: String::new(), part, note: None }
    }

    #[tokio::test]
    async fn labels_of_series_and_changes_are_masked_and_stay_apart() {
        let masked = Masked::new(Arc::new(Careless), &Mask::keyed("a key"));
        let window = crate::doubles::window(0, 60);
        let query =
            MetricQuery { name: String::new(), labels: Labels::new(), window, step_s: 1, max_series: 9 };
        let answer = masked.metrics(&query).expect("has metrics").await.expect("answers");
        let TelemetryPart::Series(series) = answer.part else { panic!("not series") };
        assert!(series.iter().all(|s| s.labels["user"].starts_with("mail-")), "{series:?}");
        assert_ne!(series[0].labels, series[1].labels);
        assert_eq!(series[0].labels["instance"], "10.0.3.17:9100");
        let answer = masked.changes(window).expect("has changes").await.expect("answers");
        let shown = format!("{:?}", answer.part);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("by: Some(\"ann@example.com\")"), "whom to ask: {shown}");
    }
}
