//! The run: start, normal life, fault, and then whatever happens, told as it happens.

use std::time::Duration;

use anyhow::Context as _;
use firebell_core::incident::{Incident, Phase, Status, Summary};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::shop::Shop;
use super::state::State;
use super::{catalogue, end};
use crate::args::{Approve, DemoArgs};
use crate::client::Client;
use crate::compose::{self, Running};
use crate::exit_code::{ExitCode, coded};
use crate::follow::{self, Event, Events};
use crate::output::{self, Tone, paint};

const DEFAULT_FAULT: &str = "connection-pool-exhaustion";
/// A run that takes longer than this has failed; it is said, and its state stays for a look.
const PATIENCE: Duration = Duration::from_secs(300);
/// Where the server listens: below the ports that Linux gives to connections (32768 and up, unless told otherwise).
const FIRST_PORT: u16 = 17_300;
const PORTS: u16 = 700;

/// A running demo.
pub(super) struct Demo {
    pub(super) state: State,
    running: Running,
    pub(super) shop: Shop,
    pub(super) admin: Client,
    pub(super) first: Client,
    pub(super) second: Client,
    pub(super) auto: bool,
    /// Lines typed by the person at the terminal.
    typed: mpsc::Receiver<String>,
    incident: Option<Incident>,
    /// Decisions that were asked for.
    pub(super) asked: Vec<String>,
}

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let state = prepare(&args)?;
    let auto = args.headless || args.approve == Approve::Auto;
    let demo = match start(state, auto).await {
        Ok(demo) => demo,
        Err(error) => return Err(error),
    };
    let outcome = {
        let mut demo = demo;
        let result = tokio::select! {
            result = demo.play() => result.map(Some),
            () = crate::cmd::serve::ended() => Ok(None),
        };
        (demo, result)
    };
    let (demo, result) = outcome;
    match result {
        Ok(Some(incident)) => {
            let code = end::tell(&demo.state, &demo.running, &incident, args.json.as_deref()).await?;
            if args.stay && !args.headless {
                output::note("the server and the shop go on; Ctrl-C ends them");
                crate::cmd::serve::ended().await;
            }
            demo.stop().await;
            Ok(code)
        }
        Ok(None) => {
            let dir = demo.state.dir().display().to_string();
            demo.stop().await;
            output::note(&format!(
                "interrupted; `firebell demo --resume --data {dir}` goes on where it stopped"
            ));
            Ok(ExitCode::Failure)
        }
        Err(error) => {
            demo.stop().await;
            Err(error)
        }
    }
}

fn prepare(args: &DemoArgs) -> anyhow::Result<State> {
    if let Some(other) = crate::client::ServerFile::read(&args.data.join("server"))
        && alive(other.pid)
    {
        let text = format!(
            "a demo runs in {} already, as process {}; end that one, or name another folder with --data",
            args.data.display(),
            other.pid
        );
        return Err(coded(ExitCode::Conflict, text));
    }
    if args.resume {
        let state = State::load(&args.data)?;
        if args.fault.as_ref().is_some_and(|f| *f != state.fault)
            || args.seed.is_some_and(|s| s != state.seed)
        {
            let text = format!(
                "--resume: that demo runs {} with seed {}; leave --fault and --seed out",
                state.fault, state.seed
            );
            return Err(coded(ExitCode::Usage, text));
        }
        return Ok(state);
    }
    let fault = args.fault.clone().unwrap_or_else(|| DEFAULT_FAULT.to_owned());
    if !firebell_shop::catalogue().iter().any(|f| f.name == fault) {
        return Err(coded(
            ExitCode::Usage,
            format!("--fault: {fault:?} is unknown; --list-faults lists them"),
        ));
    }
    let port = free_port()?;
    State::fresh(&args.data, &fault, args.seed.unwrap_or(1), format!("127.0.0.1:{port}"))
}

/// A port that is free now; kept, so that the shop finds the server again after a restart. Not one of those that the
/// system gives to connections: any of the shop's many could take it before the server is there, or between two runs.
pub(super) fn free_port() -> anyhow::Result<u16> {
    let own = u16::try_from(std::process::id() % u32::from(PORTS))?;
    (0..PORTS)
        .map(|n| FIRST_PORT + (own + n) % PORTS)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no port from {FIRST_PORT} to {} is free", FIRST_PORT + PORTS - 1))
}

/// Whether a process of that number runs this program. One that was killed and not yet waited for has no program any
/// more, and a number that is used again belongs to another one.
fn alive(pid: u32) -> bool {
    let program = |pid: u32| {
        let path = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        Some(path.file_name()?.to_string_lossy().trim_end_matches(" (deleted)").to_owned())
    };
    pid != std::process::id() && program(pid).is_some_and(|p| Some(p) == program(std::process::id()))
}

pub(super) async fn start(state: State, auto: bool) -> anyhow::Result<Demo> {
    firebell_integrations::http::install_tls();
    let shop = Shop::start(&state).await?;
    let text = catalogue::toml(&state, &shop.addresses.platform, &shop.logs());
    crate::client::write_private(&state.dir().join("firebell.toml"), text.as_bytes())?;
    let file =
        crate::config::parse(&text).map_err(|e| anyhow::anyhow!("the demo's own configuration: {e}"))?;
    let running = compose::start(&file, &state.listen, &state.server_dir()).await?;
    let admin = Client::new(&running.url, &running.token)?;
    let first = Client::new(&running.url, &state.keys.first)?;
    let second = Client::new(&running.url, &state.keys.second)?;
    Ok(Demo {
        state,
        running,
        shop,
        admin,
        first,
        second,
        auto,
        typed: if auto { mpsc::channel(1).1 } else { typed() },
        incident: None,
        asked: Vec::new(),
    })
}

/// Lines of standard input; reading blocks, so it has a thread of its own.
fn typed() -> mpsc::Receiver<String> {
    let (lines, receiver) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Demo {
    /// The server first: what the shop's end looks like is no incident.
    pub(super) async fn stop(self) {
        self.running.stop().await;
        self.shop.stop().await;
    }

    async fn play(&mut self) -> anyhow::Result<Incident> {
        output::line(&format!(
            "{} against a small company of seven services: {} (seed {})",
            paint(Tone::Strong, "Firebell"),
            paint(Tone::Strong, &self.state.fault),
            self.state.seed
        ));
        output::line(&format!(
            "page     {}",
            paint(Tone::Link, &format!("{}/login?token={}", self.running.url, self.state.keys.first))
        ));
        output::line(&format!("platform {}", paint(Tone::Dim, &self.shop.addresses.platform)));
        if self.state.injected_at.is_none() {
            self.normal_life().await?;
            // Before it is done: whoever is killed in between does it again, which is the same as once.
            self.state.injected_at = Some(Timestamp::now());
            self.state.save()?;
            self.watch_again().await?;
            self.shop.inject(&self.state.fault).await?;
            output::line(&format!("\n{} {}", paint(Tone::Bad, "fault injected:"), self.state.fault));
        } else {
            output::line("going on where it stopped");
            self.watch_again().await?;
            self.shop.inject(&self.state.fault).await?;
            // What was told may not have been answered yet.
            if let Some(incident) = self.refresh().await? {
                self.answer(&incident).await?;
            }
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut events = Events::new(self.admin.clone(), "/api/v1/events", Some(self.state.told));
        loop {
            if let Some(incident) = self.incident.clone().filter(is_done) {
                if self.goes_on_elsewhere(&incident).await? {
                    continue;
                }
                self.state.done = true;
                self.state.resolved_at = incident.resolved_at;
                self.state.save()?;
                return Ok(incident);
            }
            tokio::select! {
                event = events.next() => self.take(event).await?,
                Some(line) = self.typed.recv() => self.hear(&line).await?,
                () = tokio::time::sleep_until(deadline), if self.auto => {
                    return self.refresh().await?.ok_or_else(|| {
                        coded(ExitCode::Wanting, format!("no incident was opened within {} s", PATIENCE.as_secs()))
                    });
                }
            }
        }
    }

    /// Whether the fault's incident is another one: this one was merged into it, or was about nothing while that one
    /// was opened beside it.
    async fn goes_on_elsewhere(&mut self, incident: &Incident) -> anyhow::Result<bool> {
        let next = if let Some(into) = &incident.merged_into {
            Some(into.to_string())
        } else if matches!(incident.status, Status::ClosedHealthy | Status::Cancelled) {
            let list: Vec<Summary> = self.admin.read("/api/v1/incidents?open=true", "incidents").await?;
            list.iter()
                .filter(|s| s.id != incident.id && Some(s.opened_at) >= self.state.injected_at)
                .find(|s| !s.status.is_over())
                .map(|s| s.id.to_string())
        } else {
            None
        };
        let Some(next) = next else { return Ok(false) };
        output::line(&format!("{} goes on in {next}", incident.id));
        self.state.incident = Some(next);
        self.state.save()?;
        if let Some(incident) = self.refresh().await? {
            self.answer(&incident).await?;
        }
        Ok(true)
    }

    pub(super) async fn refresh(&mut self) -> anyhow::Result<Option<Incident>> {
        if let Some(id) = &self.state.incident {
            self.incident = Some(self.admin.read(&format!("/api/v1/incidents/{id}"), "incident").await?);
        }
        Ok(self.incident.clone())
    }

    /// One event: told, and answered as the people of the company would.
    async fn take(&mut self, event: Event) -> anyhow::Result<()> {
        // What was opened before the fault is not its incident.
        let since = self.state.injected_at.is_some_and(|at| event.entry.at >= at);
        if self.state.incident.is_none() && event.kind == "opened" && since {
            self.state.incident = Some(event.incident.clone());
        }
        self.state.told = event.position;
        if self.state.incident.as_deref() != Some(event.incident.as_str()) {
            if event.kind == "opened" {
                output::line(&format!(
                    "{} {}",
                    paint(Tone::Warn, &event.incident),
                    output::clean(&event.entry.text)
                ));
            }
            return self.state.save();
        }
        if self.incident.is_none() || WORTH_A_LOOK.contains(&event.kind.as_str()) {
            self.refresh().await?;
        }
        let Some(incident) = self.incident.clone() else { return Ok(()) };
        match event.kind.as_str() {
            "phase_entered" => {
                // The incident was read after this event and may be further.
                let mut then = incident.clone();
                if let Some(phase) = phase_of(&event.entry.text) {
                    then.phase = phase;
                }
                output::line(&format!(
                    "\n{}",
                    paint(Tone::Strong, &firebell_report::phase_line(&then, event.entry.at))
                ));
            }
            "opened" => output::line(&format!("\n{}", follow::head(&incident, &self.running.url))),
            _ => {}
        }
        output::line(&follow::line(&event.entry, &incident));
        self.state.save()?;
        if ANSWERED.contains(&event.kind.as_str()) {
            self.answer(&incident).await?;
        }
        Ok(())
    }
}

/// The phase that an entry says was entered.
fn phase_of(text: &str) -> Option<Phase> {
    [Phase::Assess, Phase::Command, Phase::Investigate, Phase::Mitigate, Phase::Verify, Phase::Learn]
        .into_iter()
        .find(|p| text.starts_with(&format!("phase {}: ", p.number())))
}

/// Events to which people answer.
const ANSWERED: [&str; 10] = [
    "role_assigned",
    "paged",
    "escalated",
    "plans_proposed",
    "decided",
    "plan_undone",
    "phase_entered",
    "approvals_needed_changed",
    "plan_expired",
    "resolved",
];

/// Events after which the incident is read again before they are told.
const WORTH_A_LOOK: [&str; 16] = [
    "opened",
    "phase_entered",
    "severity_changed",
    "plans_proposed",
    "decided",
    "plan_undone",
    "approvals_needed_changed",
    "plan_expired",
    "resolved",
    "closed_healthy",
    "cancelled",
    "closed",
    "role_assigned",
    "escalated",
    "paged",
    "postmortem_written",
];

/// Nothing more will happen by itself.
fn is_done(incident: &Incident) -> bool {
    incident.closed_at.is_some() && (!incident.postmortem_wanted || incident.postmortem.is_some())
}
