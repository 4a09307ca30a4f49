//! The way out, so that tests can stand in for the world.

use std::time::Duration;

use firebell_core::ports::BoxFuture;
use firebell_integrations::http::{HttpError, Outbound, Reply};

/// Takes a request to somebody and brings the answer.
pub(crate) trait Wire: Send + Sync {
    /// `POST url`; an answer of any status is a [`Reply`].
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: Vec<u8>,
        headers: &'a [(&'a str, &'a str)],
        limit: Duration,
    ) -> BoxFuture<'a, Result<Reply, HttpError>>;
}

impl Wire for Outbound {
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: Vec<u8>,
        headers: &'a [(&'a str, &'a str)],
        limit: Duration,
    ) -> BoxFuture<'a, Result<Reply, HttpError>> {
        Box::pin(Outbound::post(self, url, body, headers, limit))
    }
}
