//! The calls: what is sent, and what an answer means. No knowledge of investigations.

use std::collections::BTreeMap;

use firebell_core::ports::telemetry::QueryError;
use firebell_core::telemetry::Window;
use serde::de::DeserializeOwned;

use super::wire::{BuildInfo, Envelope, Metadata, QueryData};
use crate::answers::{malformed, no_answer, refused, success};
use crate::http::{Http, excerpt};
use crate::limits::Limiter;

pub(super) struct Client {
    pub(super) name: String,
    pub(super) http: Http,
    pub(super) limiter: Limiter,
}

/// Data with what the server had to say about it.
pub(super) struct Noted<T> {
    pub(super) data: T,
    pub(super) warnings: Vec<String>,
}

impl Client {
    pub(super) async fn query_range(
        &self,
        query: &str,
        window: Window,
        step_s: u64,
    ) -> Result<Noted<QueryData>, QueryError> {
        let (start, end) = times(window);
        let step = step_s.to_string();
        let form = [("query", query), ("start", &start), ("end", &end), ("step", &step)];
        let answer: Noted<QueryData> = self.post("api/v1/query_range", &form).await?;
        if answer.data.result_type != "matrix" {
            let kind = excerpt(&answer.data.result_type);
            return Err(malformed(&self.name, format!("field data.resultType is {kind}, not matrix")));
        }
        Ok(answer)
    }

    pub(super) async fn names(
        &self,
        matcher: Option<&str>,
        window: Window,
    ) -> Result<Vec<String>, QueryError> {
        let (start, end) = times(window);
        let mut query = vec![("start", start.as_str()), ("end", end.as_str())];
        if let Some(m) = matcher {
            query.push(("match[]", m));
        }
        Ok(self.get::<Vec<String>>("api/v1/label/__name__/values", &query).await?.data)
    }

    pub(super) async fn metadata(&self) -> Result<BTreeMap<String, Vec<Metadata>>, QueryError> {
        Ok(self.get("api/v1/metadata", &[]).await?.data)
    }

    pub(super) async fn build_info(&self) -> Result<BuildInfo, QueryError> {
        Ok(self.get("api/v1/status/buildinfo", &[]).await?.data)
    }

    /// The cheapest query there is.
    pub(super) async fn one(&self) -> Result<(), QueryError> {
        self.get::<serde_json::Value>("api/v1/query", &[("query", "1")]).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Noted<T>, QueryError> {
        self.limiter.run_patiently(|| async { self.read(self.http.get(path, query).await) }).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Noted<T>, QueryError> {
        self.limiter.run_patiently(|| async { self.read(self.http.post_form(path, form).await) }).await
    }

    fn read<T: DeserializeOwned>(
        &self,
        reply: Result<crate::http::Reply, crate::http::HttpError>,
    ) -> Result<Noted<T>, QueryError> {
        let reply = reply.map_err(|e| no_answer(&self.name, &self.http.address(), &e))?;
        let reply = success(&self.name, reply)?;
        let envelope: Envelope<T> = serde_json::from_slice(&reply.body).map_err(|e| {
            malformed(
                &self.name,
                format!(
                    "{e}; does url lead to the API rather than to a sign-in page? it begins: {}",
                    reply.excerpt()
                ),
            )
        })?;
        if envelope.status != "success" {
            let said = envelope.error.as_deref().map_or_else(|| "no reason given".to_owned(), excerpt);
            return Err(refused(&self.name, said));
        }
        let data = envelope.data.ok_or_else(|| malformed(&self.name, "field data is missing"))?;
        let warnings =
            envelope.warnings.into_iter().chain(envelope.infos).flatten().map(|w| excerpt(&w)).collect();
        Ok(Noted { data, warnings })
    }
}

fn times(window: Window) -> (String, String) {
    let text = |at: jiff::Timestamp| format!("{:.3}", at.as_millisecond() as f64 / 1000.0);
    (text(window.start), text(window.end))
}
