//! Putting a shop together and running it.

use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    Error, crowd,
    crowd::Outside,
    monitor::{Monitor, run_monitor},
    options::{Addresses, ShopOptions},
    platform::{self, Platform},
    service::{Service, run_ticks},
    services,
    shared::Shared,
    telemetry::{Exporter, LogFiles, run_exporter},
    world::{self, ACQUIRERS, SERVICES, World},
};

/// Where the platform API's address is kept among the others.
const PLATFORM: &str = "platform";

/// A running shop; dropping it stops it.
pub struct Shop {
    addresses: Addresses,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// Runs a shop until `shutdown` completes. `announce` is called once when everything listens.
pub async fn run(
    options: ShopOptions,
    announce: impl FnOnce(&Addresses),
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let shop = Shop::start(options).await?;
    announce(shop.addresses());
    shutdown.await;
    Ok(())
}

async fn listen(options: &ShopOptions, world: &mut World, name: &str) -> Result<TcpListener, Error> {
    let port = options.ports.get(name).or_else(|| world.ports.get(name)).copied().unwrap_or(0);
    let address = SocketAddr::new(options.ip, port);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let result = TcpListener::bind(address).await.and_then(|l| Ok((l.local_addr()?.port(), l)));
        match result {
            Ok((port, listener)) => {
                world.ports.insert(name.to_owned(), port);
                return Ok(listener);
            }
            // A predecessor that was just killed may hold the port for a moment.
            Err(_) if port != 0 && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            Err(source) => {
                return Err(Error::Bind { service: name.into(), address: address.to_string(), source });
            }
        }
    }
}

fn client(idle: usize) -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(idle)
        .connect_timeout(Duration::from_secs(2))
        .build()?)
}

impl Shop {
    /// Starts a shop, or continues the one in the state folder.
    pub async fn start(options: ShopOptions) -> Result<Self, Error> {
        // Another part of the program may have installed a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&options.state_dir).map_err(Error::file(&options.state_dir))?;
        let state_file = options.state_dir.join("state.json");
        let mut options = options;
        let mut world =
            world::load(&state_file)?.unwrap_or_else(|| world::new_world(options.seed, Timestamp::now()));
        // What was decided by the seed stays so when the shop continues.
        options.seed = world.seed;

        let mut listeners = BTreeMap::new();
        for name in SERVICES.iter().chain(&ACQUIRERS).chain([&PLATFORM]) {
            listeners.insert(*name, listen(&options, &mut world, name).await?);
        }
        let urls: BTreeMap<String, String> = world
            .ports
            .iter()
            .map(|(name, port)| (name.clone(), format!("http://{}", SocketAddr::new(options.ip, *port))))
            .collect();
        let logs = LogFiles::open(&options.log_dir, &SERVICES, options.otlp.is_some())?;
        let addresses = addresses(&options, &world, &urls, &logs);
        world::save(&state_file, &world)?;
        let shared = Arc::new(Shared::new(options, world, state_file, urls, logs));

        let mut opened = Vec::new();
        for name in SERVICES {
            let service = Service::open(name, Arc::clone(&shared), client(64)?)?;
            services::setup(&service)?;
            opened.push(service);
        }
        let mut tasks = JoinSet::new();
        for service in &opened {
            if let Some(listener) = listeners.remove(service.name) {
                serve(&mut tasks, listener, services::router(Arc::clone(service)));
            }
            tasks.spawn(run_ticks(Arc::clone(service)));
            match service.name {
                "accounts" => drop(tasks.spawn(services::accounts::run_sweeper(Arc::clone(service)))),
                "inventory" => {
                    drop(tasks.spawn(services::inventory::run_reconciliation(Arc::clone(service))))
                }
                _ => {}
            }
        }
        for name in ACQUIRERS {
            if let Some(listener) = listeners.remove(name) {
                serve(&mut tasks, listener, services::acquirer::router(name, Arc::clone(&shared)));
            }
        }
        let outside = Outside { shared: Arc::clone(&shared), client: client(128)? };
        let monitor = Arc::new(Monitor::default());
        let platform =
            Platform::new(Arc::clone(&shared), opened.clone(), Arc::clone(&monitor), outside.clone());
        if let Some(listener) = listeners.remove(PLATFORM) {
            serve(&mut tasks, listener, platform::router(platform));
        }
        people(&mut tasks, &shared, &outside);
        receivers(&mut tasks, &shared, &opened, monitor)?;
        write_addresses(&shared, &addresses)?;
        tracing::info!(platform = addresses.platform, "the shop is open");
        Ok(Self { addresses, shared, _tasks: tasks })
    }

    /// Where everything listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shared.logs.flush();
    }
}

fn serve(tasks: &mut JoinSet<()>, listener: TcpListener, router: axum::Router) {
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a service of the shop stopped to serve");
        }
    });
}

fn people(tasks: &mut JoinSet<()>, shared: &Arc<Shared>, outside: &Outside) {
    let opened = Instant::now();
    for n in 0..shared.options.customers {
        tasks.spawn(crowd::run_customer(outside.clone(), n, opened));
    }
    tasks.spawn(crowd::run_attackers(outside.clone()));
    tasks.spawn(crowd::run_partner(outside.clone()));
    tasks.spawn(crowd::run_reader(outside.clone()));
}

fn receivers(
    tasks: &mut JoinSet<()>,
    shared: &Arc<Shared>,
    services: &[Arc<Service>],
    monitor: Arc<Monitor>,
) -> Result<(), Error> {
    let client = client(4)?;
    let options = &shared.options;
    tasks.spawn(run_monitor(Arc::clone(shared), monitor, client.clone()));
    if let Some(door) = options.changes.clone() {
        tasks.spawn(platform::run_changes(Arc::clone(shared), door, client.clone()));
    }
    if let Some(door) = options.reports.clone() {
        tasks.spawn(crowd::run_support(Arc::clone(shared), door, client.clone()));
    }
    if let Some(door) = options.otlp.clone() {
        tasks.spawn(run_exporter(Exporter {
            shared: Arc::clone(shared),
            services: services.to_vec(),
            door,
            client,
            interval: options.metric_interval,
        }));
    }
    let flushed = Arc::clone(shared);
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        loop {
            ticks.tick().await;
            flushed.logs.flush();
        }
    });
    Ok(())
}

fn addresses(
    options: &ShopOptions,
    world: &World,
    urls: &BTreeMap<String, String>,
    logs: &LogFiles,
) -> Addresses {
    let pick = |names: &[&str]| -> BTreeMap<String, String> {
        names.iter().filter_map(|n| Some(((*n).to_owned(), urls.get(*n)?.clone()))).collect()
    };
    let target = |n: &&str| Some(SocketAddr::new(options.ip, *world.ports.get(*n)?).to_string());
    Addresses {
        services: pick(&SERVICES),
        third_parties: pick(&ACQUIRERS),
        platform: urls.get(PLATFORM).cloned().unwrap_or_default(),
        scrape_targets: SERVICES.iter().filter_map(target).collect(),
        logs: logs.paths(),
    }
}

fn write_addresses(shared: &Shared, addresses: &Addresses) -> Result<(), Error> {
    let path = shared.options.state_dir.join("addresses.json");
    let text =
        serde_json::to_vec_pretty(addresses).map_err(|source| Error::State { path: path.clone(), source })?;
    let fresh = path.with_extension("tmp");
    std::fs::write(&fresh, text).map_err(Error::file(&fresh))?;
    std::fs::rename(&fresh, &path).map_err(Error::file(&path))
}
