//! What the routes share: the parts that the program hands in, and what the server itself keeps.

use std::path::PathBuf;
use std::sync::Arc;

use firebell_core::agent::AgentSpec;
use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::{Reader, StoreResult};
use firebell_engine::ack::AckKeys;
use firebell_engine::handle::{Clock, Handle};
use firebell_integrations::http::Outbound;
use firebell_integrations::otlp::OtlpStore;
use firebell_report::Templates;
use jiff::Timestamp;

use crate::auth::{Auth, Directory, Oidc, Person, Role};
use crate::heartbeats::Heartbeats;
use crate::hooks::{Channels, Presses};
use crate::idempotency::Keys;
use crate::limits::{Limits, LimitsConfig};
use crate::metrics::Metrics;
use crate::oncall::Configured;
use crate::post::{PostSettings, Wire};
use crate::problem::Problem;
use crate::sources::Sources;
use crate::status::{Status, StatusConfig};
use crate::systems::Systems;
use crate::ui::{Archive, Pages};

/// What a server is made of.
#[derive(Clone)]
pub struct AppState {
    /// The engine.
    pub handle: Handle,
    /// Committed state.
    pub reader: Arc<dyn Reader>,
    /// What is kept beside incidents.
    pub office: Arc<dyn OfficeReader>,
    /// Who may send.
    pub sources: Arc<Sources>,
    /// Heartbeats: those that others send, and how our own does.
    pub heartbeats: Arc<Heartbeats>,
    /// Who may sign in.
    pub auth: Arc<Auth>,
    /// The company's own sign-in, if there is one.
    pub oidc: Option<Arc<Oidc>>,
    /// The embedded receiver, if there is one.
    pub otlp: Option<Arc<OtlpStore>>,
    /// The agents' catalogue, as `GET /api/v1/agents` shows it.
    pub agents: Vec<AgentSpec>,
    /// The node's one clock.
    pub clock: Clock,
    /// Folder that postmortems and bundles are in; files outside it are never served.
    pub data_dir: PathBuf,
    /// Address under which people reach the server; with `https` session cookies are marked secure.
    pub public_url: String,
    /// Systems that can be asked whether they work.
    pub systems: Systems,
    /// The public status page.
    pub status: StatusConfig,
    /// Secret of the first-run set-up link; only good while there is no administrator.
    pub setup_key: String,
    /// Signs links of the status page's mails; the same after a restart, or they are good no more.
    pub link_key: String,
    /// Channels that are answered over HTTP.
    pub channels: Channels,
    /// Reads what pages are acknowledged by; the same that the executor makes it with.
    pub ack_keys: AckKeys,
    /// What is sent to those who asked to be told.
    pub post: PostSettings,
    /// How much one caller may ask.
    pub limits: LimitsConfig,
    /// Schedules, people and escalations of the configuration; empty where there are none.
    pub oncall: Arc<Configured>,
    /// Templates of updates, for drafts that people edit.
    pub templates: Arc<Templates>,
}

impl AppState {
    /// A person without an account: whoever has a token; else who can be called, by the roster or the configuration, may do
    /// what responders do.
    pub(crate) fn without_account(&self, name: &str) -> Option<Person> {
        if let Some(person) = self.auth.person(name) {
            return Some(Person { scopes: None, ..person });
        }
        let on_call = self.oncall.roster().person(name).is_some();
        let configured = self.handle.policy().people.iter().any(|p| p.name == name);
        (on_call || configured).then(|| Person::new(name, Role::Responder))
    }
}

/// [`AppState`] and what the server keeps while it runs.
pub(crate) struct App {
    pub(crate) state: AppState,
    pub(crate) metrics: Metrics,
    pub(crate) directory: Directory,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) pages: Pages,
    pub(crate) status: Status,
    pub(crate) archive: Archive,
    pub(crate) presses: Presses,
    /// To addresses that came with an answer of a channel; its parser has checked whose they are.
    pub(crate) wire: Arc<dyn Wire>,
    pub(crate) started_at: Timestamp,
}

/// As handlers get it.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(state: AppState) -> Self {
        // Chats are in private networks too.
        Self::with(state, Arc::new(Outbound::new(true)))
    }

    /// With another way out.
    pub(crate) fn with(state: AppState, wire: Arc<dyn Wire>) -> Self {
        let started_at = (state.clock)();
        Self {
            status: Status::new(state.status.clone()),
            directory: Directory::load(state.handle.clone(), state.office.as_ref(), Arc::clone(&state.auth)),
            limits: Limits::new(&state.limits),
            state,
            metrics: Metrics::default(),
            keys: Keys::default(),
            pages: Pages::new(),
            archive: Archive::default(),
            presses: Presses::default(),
            wire,
            started_at,
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.state.clock)()
    }

    /// Asks the store off the async threads: a database call blocks.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Reader) -> StoreResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = Arc::clone(&self.state.reader);
        match tokio::task::spawn_blocking(move || ask(reader.as_ref())).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Problem::store(&error)),
            Err(error) => Err(Problem::internal(&error)),
        }
    }

    /// Whether people reach the server by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.state.public_url.starts_with("https://")
    }
}
