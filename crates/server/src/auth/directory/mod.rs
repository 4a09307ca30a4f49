//! The directory: accounts, sessions and API tokens. The store has them as documents; they are at hand here, because
//! every request asks for them. Every change goes to the store first, together with its entry in the audit log.

mod accounts;
mod company;
mod sessions;
mod sign_in;
mod state;
mod tokens;

pub(crate) use accounts::{Account, NewAccount};
pub(crate) use sessions::{Flash, Session, SessionView, Via, Visit};
pub(crate) use sign_in::SignIn;
pub(crate) use tokens::{ApiToken, LONGEST_DAYS, NewToken};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firebell_core::ports::office::{Deed, OfficeReader};
use firebell_engine::handle::Handle;
use tokio::sync::Mutex as AsyncMutex;

use self::state::State;
use super::throttle::Throttle;
use super::tokens::Auth;
use crate::problem::Problem;

/// All who may come in.
pub(crate) struct Directory {
    handle: Handle,
    /// Those whose tokens the configuration names.
    configured: Arc<Auth>,
    state: Mutex<State>,
    /// One change at a time, so that what is at hand is what the store has.
    turn: AsyncMutex<()>,
    pub(crate) throttle: Throttle,
}

impl Directory {
    /// Loads it.
    pub(crate) fn load(handle: Handle, office: &dyn OfficeReader, configured: Arc<Auth>) -> Self {
        let state = State::load(office).unwrap_or_else(|error| {
            // Nobody is let in by what cannot be read; tokens of the configuration still open the door.
            tracing::error!(%error, "accounts could not be read");
            State::default()
        });
        Self {
            handle,
            configured,
            state: Mutex::new(state),
            turn: AsyncMutex::new(()),
            throttle: Throttle::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic elsewhere left behind is whole: each change is one insertion or removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a deed, then does the same to what is at hand.
    async fn write(&self, deed: Deed, apply: impl FnOnce(&mut State)) -> Result<(), Problem> {
        let _turn = self.turn.lock().await;
        self.handle.perform(deed).await?;
        apply(&mut self.state());
        Ok(())
    }
}

/// A random secret: 256 bits, hexadecimal.
fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What is kept of a secret.
fn hash(secret: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn json_of<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, Problem> {
    serde_json::to_value(value).map_err(|e| Problem::internal(&e))
}
