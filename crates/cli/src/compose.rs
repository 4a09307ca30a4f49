//! Wires a server from its configuration: store, engine, agents, effects, HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use firebell_agents::{AgentTeam, Tools};
use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::platform::{Platform, Stage};
use firebell_core::ports::store::{Reader, StoreError};
use firebell_core::ports::telemetry::TelemetrySource;
use firebell_core::secrets::Mask;
use firebell_engine::ack::AckKeys;
use firebell_engine::dispatcher;
use firebell_engine::effects::{Executor, Throttle};
use firebell_engine::handle::{self, Clock, Handle};
use firebell_engine::listen::{self, Listener};
use firebell_engine::track::{self, Tracking};
use firebell_integrations::masked::Masked;
use firebell_integrations::otlp::OtlpStore;
use firebell_integrations::webpush::Vapid;
use firebell_integrations::{backends, changes, http};
use firebell_oncall::model::ContactKind;
use firebell_server::{AppState, Channels, PostSettings, Site};
use firebell_store::{Durability, SqliteStore};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::archive::FolderArchive;
use crate::client::{ServerFile, write_private};
use crate::config::{self, File};
use crate::exit_code::{ExitCode, coded};

/// Default address: loopback, so that nothing is reachable from outside by accident.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:7300";

/// The systems that a configuration names.
pub(crate) struct Systems {
    pub(crate) telemetry: Vec<Arc<dyn TelemetrySource>>,
    pub(crate) notifiers: BTreeMap<String, Arc<dyn Notifier>>,
    pub(crate) platforms: Vec<Arc<dyn Platform>>,
}

/// Builds the systems, telemetry behind the mask; calls none of them.
pub(crate) fn systems(file: &File, mask: &Mask) -> anyhow::Result<Systems> {
    http::install_tls();
    let mut telemetry: Vec<Arc<dyn TelemetrySource>> = Vec::new();
    for config in &file.telemetry {
        telemetry.push(backends::build_telemetry(config, mask)?);
    }
    let mut notifiers = BTreeMap::new();
    for config in &file.notifiers {
        let notifier = backends::build_notifier(config)?;
        notifiers.insert(notifier.name().to_owned(), notifier);
    }
    let mut platforms: Vec<Arc<dyn Platform>> = Vec::new();
    for config in &file.platforms {
        let platform = backends::build_platform(config)?;
        // What runs in staging is no evidence of what customers see.
        if platform.stage() == Stage::Production {
            telemetry.push(Arc::clone(&platform) as Arc<dyn TelemetrySource>);
        }
        platforms.push(platform);
    }
    Ok(Systems { telemetry, notifiers, platforms })
}

/// The mask of a process that keeps nothing: one account has one name as long as it runs.
pub(crate) fn passing_mask() -> Mask {
    Mask::keyed(&random_key())
}

/// By which notifier each kind of contact is reached: the one that `[oncall.channels]` names, else the first that can.
fn by_contact(file: &File) -> anyhow::Result<BTreeMap<ContactKind, String>> {
    let mut by_contact = BTreeMap::new();
    let names: Vec<(ContactKind, String)> = file
        .notifiers
        .iter()
        .filter_map(|c| Some((backends::contact_kind(c)?, c)))
        .map(|(kind, c)| Ok((kind, backends::build_notifier(c)?.name().to_owned())))
        .collect::<anyhow::Result<_>>()?;
    for (kind, name) in &names {
        by_contact.entry(*kind).or_insert_with(|| name.clone());
    }
    for (kind, name) in &file.oncall.channels {
        if !names.iter().any(|(_, known)| known == name) {
            return Err(refused(vec![format!(
                "oncall.channels.{}: {name:?} is none of [[notifiers]]",
                kind.as_str()
            )]));
        }
        by_contact.insert(*kind, name.clone());
    }
    Ok(by_contact)
}

/// With the addresses that providers call back, where the configuration names none and they can reach us.
fn with_callbacks(file: &File, token: &str) -> File {
    let mut file = file.clone();
    if let Some(public_url) = &file.server.public_url {
        // The same as long as the token is: what was given out before a restart is called after it.
        let secret = hex::encode(Sha256::digest(format!("callbacks of channels {token}")));
        for notifier in &mut file.notifiers {
            *notifier = backends::with_callback(notifier, public_url, &secret);
        }
    }
    file
}

/// What reads the answers of channels.
fn channels(file: &File) -> anyhow::Result<Channels> {
    let mut receivers = Vec::new();
    for config in &file.notifiers {
        receivers.extend(backends::build_receiver(config)?);
    }
    Ok(Channels::new(receivers).with_issues(crate::trackers::hooks(file)?))
}

/// A running server. [`Running::stop`] ends it in order; a process that dies instead loses nothing either.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) token: String,
    /// Where the first administrator makes their account; none once there is one.
    pub(crate) setup: Option<String>,
    pub(crate) data: PathBuf,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    handle: Handle,
    service: handle::Service,
}

impl Running {
    /// Policy in force.
    pub(crate) fn policy(&self) -> &firebell_core::policy::Policy {
        self.handle.policy()
    }

    /// Stops serving, lets effects end, closes the store.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = tokio::time::timeout(std::time::Duration::from_secs(8), task).await;
        }
        let _ = std::fs::remove_file(self.data.join(ServerFile::NAME));
        drop(self.handle);
        let service = self.service;
        let _ = tokio::task::spawn_blocking(move || drop(service)).await;
    }
}

/// Starts a server.
pub(crate) async fn start(file: &File, listen: &str, data: &Path) -> anyhow::Result<Running> {
    let listener = TcpListener::bind(listen).await.map_err(|e| {
        coded(ExitCode::Usage, format!("cannot listen on {listen}: {e}; choose another with --listen"))
    })?;
    let address = listener.local_addr()?;
    let url = format!("http://{}", reachable(address));
    let public_url = file.server.public_url.clone().unwrap_or_else(|| url.clone());
    let policy = Arc::new(file.policy(&public_url));
    let (store, reader) = SqliteStore::open(data, Durability::default()).map_err(|e| unopened(&e, data))?;
    let token = admin_token(data)?;
    let file = &with_callbacks(file, &token);
    // The same as long as the token is: what an account was called before a restart it is called after it.
    let mask = Mask::keyed(&token);
    let Systems { mut telemetry, notifiers, platforms } = systems(file, &mask)?;
    let office: Arc<dyn OfficeReader> = Arc::new(reader.clone());
    let reader: Arc<dyn Reader> = Arc::new(reader);
    let blobs: Arc<dyn BlobStore> = Arc::new(store.blobs()?);
    // A replay decides by the policy of the time.
    blobs
        .put(policy.canonical())
        .await
        .map_err(|e| anyhow::anyhow!("the policy could not be recorded: {e}"))?;
    let clock: Clock = Arc::new(jiff::Timestamp::now);
    let (service, handle) = handle::start(Box::new(store), Arc::clone(&policy), Arc::clone(&clock))?;

    let otlp = match &file.otlp {
        Some(config) => Some(Arc::new(OtlpStore::open(config.store.clone(), &data.join("otlp"), &mask)?)),
        None => None,
    };
    telemetry.extend(otlp.clone().map(|o| o as Arc<dyn TelemetrySource>));
    // Changes that were stored before they were masked are masked where they become evidence.
    let ledger = Arc::new(changes::Ledger::new(Arc::clone(&reader)));
    telemetry.push(Arc::new(Masked::new(ledger, &mask)));

    let token = admin_token(data)?;
    let room_key = hex::encode(Sha256::digest(format!("names of bridges {token}")));
    let configured = Arc::new(firebell_server::Configured::new(file.roster.clone()));
    let rooms = crate::rooms::systems(file, &room_key, Arc::clone(&blobs), &configured)?;
    let trackers = crate::trackers::built(file)?;
    let by_contact = by_contact(file)?;
    let asked = firebell_server::Systems {
        telemetry: telemetry.clone(),
        platforms: platforms.clone(),
        notifiers: notifiers.values().cloned().collect(),
        by_contact: by_contact.clone(),
        chats: crate::rooms::used(file, &rooms.chats),
        bridges: crate::rooms::bridges(file),
        trackers: trackers.values().cloned().collect(),
    };
    let team = AgentTeam::new(Tools {
        telemetry,
        platforms: platforms.iter().filter(|p| p.stage() == Stage::Production).cloned().collect(),
        blobs,
        reader: Arc::clone(&reader),
        clock: Arc::clone(&clock),
    });
    let templates = Arc::new(config::templates(file).map_err(refused)?);
    for finding in templates.lint(&policy) {
        tracing::warn!(
            file = finding.file,
            moment = finding.moment,
            "a template wants mending: {}",
            finding.what
        );
    }
    // The same as long as the token is: what was sent before a restart can be acknowledged after it.
    let ack_keys = AckKeys::new(&format!("acknowledgements {token}"));
    let executor = Arc::new(Executor {
        agents: Arc::new(team),
        notifiers,
        platforms,
        rooms: rooms.clone(),
        trackers: trackers.clone(),
        archive: Arc::new(FolderArchive {
            data: data.to_owned(),
            reader: Arc::clone(&reader),
            policy: Arc::clone(&policy),
        }),
        reader: Arc::clone(&reader),
        templates: Arc::clone(&templates),
        policy: Arc::clone(&policy),
        clock: Arc::clone(&clock),
        by_contact,
        devices: Arc::new(firebell_server::PushDevices::new(Arc::clone(&office))),
        throttle: Throttle::default(),
        ack_keys: ack_keys.clone(),
    });

    let mut senders = config::sources(file).map_err(refused)?;
    senders.set_mask(&mask);
    let auth = config::auth(file, &token).map_err(refused)?;
    // The same as long as the token is, so that a link that was printed before a restart still works.
    let setup_key = hex::encode(Sha256::digest(format!("set-up link {token}")));
    let is_new = office.documents("account", "", 1)?.is_empty();
    let setup = is_new.then(|| format!("{public_url}/setup?key={setup_key}"));
    let vapid = Arc::new(vapid(data, &file.webhooks, &public_url)?);
    let (clock_of_rooms, clock_of_issues) = (Arc::clone(&clock), Arc::clone(&clock));
    let state = AppState {
        handle: handle.clone(),
        reader: Arc::clone(&reader),
        sources: Arc::new(senders),
        heartbeats: Arc::new(config::heartbeats(file).map_err(refused)?),
        auth: Arc::new(auth),
        oidc: config::oidc(file).map_err(refused)?,
        otlp,
        agents: firebell_agents::catalogue(),
        clock,
        data_dir: data.to_owned(),
        public_url,
        status: file.status.clone(),
        systems: asked,
        setup_key: setup_key.clone(),
        link_key: hex::encode(Sha256::digest(format!("links of the status page {token}"))),
        ack_keys,
        channels: channels(file)?,
        office: Arc::clone(&office),
        post: PostSettings { allow_private: file.webhooks.allow_private, vapid: Some(vapid) },
        limits: file.limits.clone(),
        oncall: configured,
        templates,
    };
    let roster = firebell_server::roster_in_force(office.as_ref(), &file.roster)?;
    handle.set_roster(Arc::new(roster)).await?;
    let (stop, stopped) = watch::channel(false);
    // Before the first answer: who finds the server up finds its file as well. The listener holds callers until then.
    ServerFile { url: url.clone(), token: token.clone(), pid: std::process::id() }
        .write(data)
        .with_context(|| format!("{} could not be written", data.join(ServerFile::NAME).display()))?;
    let ears = Listener::new(
        handle.clone(),
        Arc::clone(&reader),
        Arc::clone(&office),
        rooms,
        clock_of_rooms,
        listen::EVERY,
    );
    let listening = tokio::spawn(ears.run(stopped.clone()));
    let issues = Tracking::new(
        handle.clone(),
        Arc::clone(&reader),
        Arc::clone(&office),
        trackers,
        clock_of_issues,
        track::EVERY,
    );
    let tracking = tokio::spawn(issues.run(stopped.clone()));
    let dispatching = tokio::spawn(dispatcher::run(handle.clone(), executor, stopped.clone()));
    let posting = tokio::spawn(firebell_server::post(state.clone(), stopped.clone()));
    let watching = tokio::spawn(firebell_server::watch_heartbeats(state.clone(), stopped.clone()));
    let own = file.heartbeat.clone();
    let beating =
        own.map(|own| tokio::spawn(firebell_server::heartbeat(own, state.clone(), stopped.clone())));
    let rostering = file.roster_files.clone().map(|(files, stamp)| {
        tokio::spawn(firebell_server::follow_roster(state.clone(), files, stamp, stopped.clone()))
    });
    let site = Site::new(state);
    tokio::spawn(site.clone().resume());
    let mut tasks: Vec<_> = beating.into_iter().chain(rostering).collect();
    for config in &file.notifiers {
        if let Some(listener) = backends::build_listener(config)? {
            tasks.push(tokio::spawn(site.clone().follow(listener, stopped.clone())));
        }
    }
    let serving = tokio::spawn(async move {
        let shutdown = async move {
            let mut stopped = stopped;
            let _ = stopped.wait_for(|s| *s).await;
        };
        if let Err(error) = firebell_server::serve(listener, site.router(), shutdown).await {
            tracing::error!(%error, "the server stopped");
        }
    });
    tasks.extend([serving, dispatching, posting, listening, tracking, watching]);
    Ok(Running { url, token, setup, data: data.to_owned(), stop, tasks, handle, service })
}

/// What is wrong with a configuration, as an error.
fn refused(problems: Vec<String>) -> anyhow::Error {
    coded(ExitCode::Usage, problems.join("\n"))
}

/// A data folder that cannot be made or is in use was named by the caller.
fn unopened(error: &StoreError, data: &Path) -> anyhow::Error {
    let code = match error {
        StoreError::Database { doing: "make the data folder" | "lock the data folder", .. } => {
            ExitCode::Usage
        }
        _ => ExitCode::Failure,
    };
    coded(code, format!("the store in {} could not be opened: {error}", data.display()))
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}

/// The administrator's token: made once, kept in the data folder for its owner only.
fn admin_token(data: &Path) -> anyhow::Result<String> {
    let path = data.join("admin.token");
    match std::fs::read_to_string(&path) {
        Ok(token) if token.trim().len() >= 32 => Ok(token.trim().to_owned()),
        Ok(_) => Err(coded(
            ExitCode::Usage,
            format!("{} is too short; delete it to make a new one", path.display()),
        )),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let token = random_key();
            write_private(&path, token.as_bytes())
                .with_context(|| format!("{} could not be written", path.display()))?;
            Ok(token)
        }
        Err(e) => Err(e).with_context(|| format!("{} could not be read", path.display())),
    }
}

/// The key pair for notifications: made once, kept in the data folder for its owner only. With another one, all devices
/// would have to be added again.
fn vapid(data: &Path, webhooks: &config::Webhooks, public_url: &str) -> anyhow::Result<Vapid> {
    let path = data.join("vapid.key");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = Vapid::generate()?;
            write_private(&path, text.as_bytes())
                .with_context(|| format!("{} could not be written", path.display()))?;
            text
        }
        Err(e) => return Err(e).with_context(|| format!("{} could not be read", path.display())),
    };
    // Push services want somebody to complain to.
    let contact = webhooks.contact.clone().unwrap_or_else(|| match public_url.starts_with("https://") {
        true => public_url.to_owned(),
        false => "mailto:firebell@localhost".to_owned(),
    });
    Vapid::read(&text, &contact).map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))
}

/// 256 random bits, hexadecimal.
pub(crate) fn random_key() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}
