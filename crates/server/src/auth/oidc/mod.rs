//! Sign-in by the company's OpenID Connect provider: the authorization code flow with PKCE. What must hold is in
//! `pending` (the way there and back), `signature` and `token` (what is believed), `claims` (who it is, what they may).

mod claims;
mod config;
mod pending;
mod provider;
mod signature;
#[cfg(test)]
mod signer;
mod token;

pub(crate) use claims::Identity;
pub use config::OidcConfig;
pub(crate) use pending::LIFE;
#[cfg(test)]
pub(crate) use signer::Signer;

use std::sync::Arc;

use firebell_core::ports::Health;
use firebell_integrations::settings::ConfigError;
use jiff::Timestamp;

use self::pending::{Begun, Pending};
use self::provider::{Metadata, Provider, Tokens};
use self::signature::{Keys, Unsigned};
use self::token::{Expected, Refused};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::ui::encoded;

/// The company's sign-in.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    provider: Provider,
    pending: Pending,
}

impl Oidc {
    /// Builds it; calls nobody.
    ///
    /// # Errors
    /// A field that cannot be used.
    pub fn new(config: &OidcConfig) -> Result<Self, ConfigError> {
        Ok(Self { config: config.clone(), provider: Provider::new(config)?, pending: Pending::default() })
    }

    /// The button's text.
    pub(crate) fn button(&self) -> String {
        self.config.button.clone().unwrap_or_else(|| format!("Sign in with {}", self.config.host()))
    }

    /// The provider, as subjects begin with it.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Whether the provider answers and is the one that is configured.
    pub async fn health(&self) -> Health {
        let name = "oidc".to_owned();
        let now = Timestamp::now();
        let found = match self.provider.metadata(now).await {
            Ok(metadata) => self.provider.keys(&metadata, now, true).await.map(drop),
            Err(error) => Err(error),
        };
        match found {
            Ok(()) => Health { name, ok: true, detail: format!("{} answers", self.config.issuer) },
            Err(error) => Health { name, ok: false, detail: format!("{}: {error}", self.config.issuer) },
        }
    }

    /// Begins a sign-in; answers where to send the browser.
    ///
    /// # Errors
    /// If the provider does not answer.
    pub(crate) async fn begin(
        &self,
        browser: &str,
        redirect_uri: &str,
        next: &str,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let metadata = self.metadata(now).await?;
        let (state, begun) = self.pending.begin(browser, next, now);
        let address = &metadata.authorization_endpoint;
        let asked = [
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", &self.config.scopes),
            ("state", &state),
            ("nonce", &begun.nonce),
            ("code_challenge", &begun.challenge()),
            ("code_challenge_method", "S256"),
        ];
        let asked: Vec<String> =
            asked.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        Ok(format!("{address}{}{}", if address.contains('?') { '&' } else { '?' }, asked.join("&")))
    }

    /// Ends a sign-in by what the provider sent back with the browser; answers who it is, and where they wanted to go.
    ///
    /// # Errors
    /// A sentence for the person: what went wrong and what to do.
    pub(crate) async fn finish(
        &self,
        browser: &str,
        redirect_uri: &str,
        answer: &Pairs,
        now: Timestamp,
    ) -> Result<(Identity, String), Problem> {
        let begun = self.pending.take(answer.get("state").unwrap_or_default(), browser, now);
        let begun = begun.ok_or_else(|| {
            Problem::forbidden(
                "This sign-in did not begin in this browser, took longer than ten minutes, or was used already. \
                 Sign in again.",
            )
        })?;
        let metadata = self.metadata(now).await?;
        let named = answer.get("iss");
        if named.is_some_and(|iss| iss != self.config.issuer)
            || (named.is_none() && metadata.authorization_response_iss_parameter_supported)
        {
            return Err(self.refused("the answer is not its own"));
        }
        if let Some(error) = answer.get("error") {
            let more = answer.get("error_description").unwrap_or_default();
            let said = firebell_integrations::http::excerpt(&format!("{error} {more}"));
            return Err(self.refused(&format!("it says {said}")));
        }
        let Some(code) = answer.get("code") else { return Err(self.refused("its answer has no code")) };
        let tokens = self.provider.exchange(&metadata, code, &begun.verifier, redirect_uri).await;
        let tokens = tokens.map_err(|error| self.refused(&error))?;
        let identity = self.identify(&metadata, &tokens, &begun, now).await?;
        Ok((identity, begun.next))
    }

    async fn identify(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        begun: &Begun,
        now: Timestamp,
    ) -> Result<Identity, Problem> {
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &begun.nonce,
            begun: begun.at,
            now,
        };
        let mut checked = token::check(&tokens.id_token, &*self.keys(metadata, now, false).await?, &expected);
        if checked == Err(Refused::Unsigned(Unsigned::UnknownKey)) {
            // Providers change their keys: once more with those of now.
            checked = token::check(&tokens.id_token, &*self.keys(metadata, now, true).await?, &expected);
        }
        let mut claims =
            checked.map_err(|error| self.refused(&format!("its ID token is not believed: {error}")))?;
        if claims::wants_more(&claims, &self.config)
            && let Some(token) = &tokens.access_token
            && let Some(more) =
                self.provider.userinfo(metadata, token).await.map_err(|e| self.unreachable(&e))?
        {
            // Otherwise the access token was swapped for another person's.
            if more.get("sub") != claims.get("sub") {
                return Err(self.refused("its userinfo endpoint speaks of somebody else"));
            }
            for (name, value) in more.into_iter().filter(|(name, _)| !PROTOCOL.contains(&name.as_str())) {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims::identity(&claims, &self.config))
    }

    async fn keys(&self, metadata: &Metadata, now: Timestamp, fresh: bool) -> Result<Arc<Keys>, Problem> {
        self.provider.keys(metadata, now, fresh).await.map_err(|error| self.unreachable(&error))
    }

    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, Problem> {
        self.provider.metadata(now).await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &str) -> Problem {
        let host = self.config.host();
        tracing::warn!(error, host, "the provider of the sign-in cannot be used");
        Problem::unavailable(format!(
            "The sign-in of {host} cannot be used right now: {error}. Try again, or come in another way."
        ))
    }

    fn refused(&self, error: &str) -> Problem {
        let host = self.config.host();
        tracing::warn!(error, host, "a sign-in was refused");
        Problem::forbidden(format!(
            "{host} did not let you in: {error}. Sign in again; if it goes on, show this to an administrator."
        ))
    }
}

/// Claims that only the signed token may make.
const PROTOCOL: [&str; 7] = ["iss", "sub", "aud", "azp", "exp", "iat", "nonce"];
