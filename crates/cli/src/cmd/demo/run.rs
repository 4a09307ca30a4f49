//! The run: start, normal life, fault, and then whatever happens, told as it happens.

use std::time::Duration;

use firebell_core::incident::{Incident, PlanStatus};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

use super::people::{FIRST, SECOND};
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
/// Normal life before the fault: what it is compared with.
const WARM_UP: Duration = Duration::from_secs(30);
/// A run that takes longer than this has failed; it is said, and its state stays for a look.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a simulated person takes to react.
const REACTION: Duration = Duration::from_millis(1500);

/// A running demo.
struct Demo {
    state: State,
    running: Running,
    shop: Shop,
    admin: Client,
    first: Client,
    second: Client,
    auto: bool,
    /// Lines typed by the person at the terminal.
    typed: mpsc::Receiver<String>,
    incident: Option<Incident>,
    asked: Vec<String>,
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
    if let Some(other) = crate::client::ServerFile::read(&args.data.join("server"))
        && alive(other.pid)
    {
        let text = format!("a demo runs in {} already; name another folder with --data", args.data.display());
        return Err(coded(ExitCode::Conflict, text));
    }
    // A port that is free now; kept, so that the shop finds the server again after a restart.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    State::fresh(&args.data, &fault, args.seed.unwrap_or(1), format!("127.0.0.1:{port}"))
}

/// Whether a process of that number runs here.
fn alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists() && pid != std::process::id()
}

async fn start(state: State, auto: bool) -> anyhow::Result<Demo> {
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
    async fn stop(self) {
        self.shop.stop().await;
        self.running.stop().await;
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
            self.warm_up().await?;
            self.shop.inject(&self.state.fault).await?;
            self.state.injected_at = Some(Timestamp::now());
            self.state.save()?;
            output::line(&format!("\n{} {}", paint(Tone::Bad, "fault injected:"), self.state.fault));
        } else {
            output::line("going on where it stopped");
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut events = Events::new(self.admin.clone(), "/api/v1/events", Some(self.state.told));
        loop {
            if let Some(incident) = self.incident.as_ref().filter(|i| is_done(i)) {
                let incident = incident.clone();
                self.state.done = true;
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

    async fn warm_up(&mut self) -> anyhow::Result<()> {
        output::line(&format!("the shop opens; {} s of normal life first", WARM_UP.as_secs()));
        let until = tokio::time::Instant::now() + WARM_UP;
        tokio::time::sleep_until(until).await;
        let status = self.shop.status().await?;
        if status.get("healthy").and_then(serde_json::Value::as_bool) == Some(false) {
            output::note("the shop is not quite healthy yet; going on");
        }
        Ok(())
    }

    async fn refresh(&mut self) -> anyhow::Result<Option<Incident>> {
        if let Some(id) = &self.state.incident {
            self.incident = Some(self.admin.read(&format!("/api/v1/incidents/{id}"), "incident").await?);
        }
        Ok(self.incident.clone())
    }

    /// One event: told, and answered as the people of the company would.
    async fn take(&mut self, event: Event) -> anyhow::Result<()> {
        if self.state.incident.is_none() && event.kind == "opened" {
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
                output::line(&format!(
                    "\n{}",
                    paint(Tone::Strong, &firebell_report::phase_line(&incident, event.entry.at))
                ));
            }
            "opened" => output::line(&format!("\n{}", follow::head(&incident, &self.running.url))),
            _ => {}
        }
        output::line(&follow::line(&event.entry, &incident));
        self.state.save()?;
        self.react(&event.kind, &incident).await
    }

    async fn react(&mut self, kind: &str, incident: &Incident) -> anyhow::Result<()> {
        let id = incident.id.as_str();
        match kind {
            // Each answers for the roles that they were called for.
            "role_assigned" | "paged" | "escalated" => {
                for (name, person) in [(FIRST, self.first.clone()), (SECOND, self.second.clone())] {
                    let called = incident.awaiting.iter().any(|(role, waiting)| {
                        incident.holder(role) == Some(name) || waiting.people.iter().any(|p| p == name)
                    });
                    if called {
                        tokio::time::sleep(REACTION).await;
                        self.say(&person, id, "ack", json!({})).await?;
                    }
                }
                Ok(())
            }
            "plans_proposed"
            | "decided"
            | "plan_undone"
            | "phase_entered"
            | "approvals_needed_changed"
            | "plan_expired" => self.decide(incident).await,
            // A severity that requires no postmortem gets one here all the same, to be looked at.
            "resolved" if !incident.postmortem_wanted => {
                self.say(&self.second.clone(), id, "postmortem", json!({})).await
            }
            _ => Ok(()),
        }
    }

    /// Approves the best plan that waits, or asks for it.
    async fn decide(&mut self, incident: &Incident) -> anyhow::Result<()> {
        if incident.active_plan().is_some() || incident.status.is_over() {
            return Ok(());
        }
        let Some(plan) = incident.next_proposed() else { return Ok(()) };
        let gos = plan.approvals.iter().filter(|a| a.go).count();
        if !self.auto {
            let token = format!("{}:{gos}", plan.hash);
            if !self.asked.contains(&token) {
                self.asked.push(token);
                let who = if gos == 0 { FIRST } else { SECOND };
                output::line(&format!(
                    "\n{} {}\n  {} risk {:?}, {}; needs {} approval(s), has {gos}\n{} ",
                    paint(Tone::Warn, "Go or no-go?"),
                    output::clean(&plan.plan.title),
                    output::clean(&plan.plan.expected_effect),
                    plan.plan.risk,
                    if plan.plan.reversible { "reversible" } else { "IRREVERSIBLE" },
                    plan.approvals_needed,
                    paint(Tone::Strong, &format!("{who}: [y]es / [n]o, then Enter (or decide on the page)")),
                ));
            }
            return Ok(());
        }
        tokio::time::sleep(REACTION).await;
        let person = if gos == 0 { self.first.clone() } else { self.second.clone() };
        let body = json!({ "plan": plan.hash, "go": true, "reason": "the evidence is convincing" });
        self.say(&person, incident.id.as_str(), "decisions", body).await
    }

    /// What the person at the terminal typed.
    async fn hear(&mut self, line: &str) -> anyhow::Result<()> {
        let go = match line.trim().to_lowercase().as_str() {
            "y" | "yes" | "go" => true,
            "n" | "no" | "no-go" => false,
            "" => return Ok(()),
            other => {
                output::line(&format!("{other:?}? write y or n"));
                return Ok(());
            }
        };
        let Some(incident) = self.refresh().await? else { return Ok(()) };
        let Some(plan) = incident.plans.iter().find(|p| p.status == PlanStatus::Proposed) else {
            output::line("nothing waits for a decision");
            return Ok(());
        };
        let gos = plan.approvals.iter().filter(|a| a.go).count();
        let person = if gos == 0 { self.first.clone() } else { self.second.clone() };
        let body = json!({ "plan": plan.hash, "go": go, "reason": "decided in the terminal" });
        self.say(&person, incident.id.as_str(), "decisions", body).await
    }

    /// A write by one of the people. A refusal (somebody was faster on the page) is told and changes nothing.
    async fn say(
        &self,
        person: &Client,
        id: &str,
        verb: &str,
        body: serde_json::Value,
    ) -> anyhow::Result<()> {
        if let Err(error) = person.post(&format!("/api/v1/incidents/{id}/{verb}"), &body).await {
            output::note(&format!("{verb}: {error:#}"));
        }
        Ok(())
    }
}

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
