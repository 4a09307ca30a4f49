//! The handle that all code of one service works with.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{RwLock, watch};

use super::{
    failure::Failure,
    fleet::Fleet,
    heap::{Heap, LIMIT},
    limiter::Limiter,
    middleware::Cx,
    pool::{self, Lease, NoConnection, Pool},
    volume::{self, Volume},
};
use crate::{
    Error,
    shared::Shared,
    telemetry::{Level, Registry, SpanKind, SpanRecord, now_ns},
    world::{DATABASES, Defect},
};

/// One round trip to the database server, as between two machines of one data centre.
const ROUND_TRIP: Duration = Duration::from_millis(2);
/// How long one replica is away in a rolling restart.
const REPLICA_RESTART: Duration = Duration::from_millis(350);
/// How long a killed process is away.
const CRASH_RESTART: Duration = Duration::from_millis(1500);

/// One service: everything that its replicas share.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) shared: Arc<Shared>,
    pub(crate) metrics: Registry,
    pub(crate) heap: Heap,
    pub(crate) fleet: Fleet,
    pub(crate) limiter: Limiter,
    pub(crate) client: reqwest::Client,
    pub(crate) pool: Option<Arc<Pool>>,
    pub(crate) volume: Option<Volume>,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) busy_ns: AtomicU64,
    /// Whether the process ended in order the last time: then readers of the feed are told to start afresh.
    pub(crate) ended_in_order: AtomicBool,
    /// Counts restarts; what hangs on the old process's memory watches it.
    pub(crate) restarts: watch::Sender<u64>,
    /// A lock in the process's memory, replaced when it restarts.
    lock: Mutex<Arc<RwLock<()>>>,
    started_ns: AtomicU64,
}

impl Service {
    /// Opens a service's database and volume.
    pub(crate) fn open(
        name: &'static str,
        shared: Arc<Shared>,
        client: reqwest::Client,
    ) -> Result<Arc<Self>, Error> {
        let replicas = shared.service(name, |s| s.replicas).unwrap_or(1);
        let (mut database, mut disk) = (None, None);
        if DATABASES.contains(&name) {
            let copy = shared.service(name, |s| s.active.clone()).flatten();
            let copy = copy.filter(|_| name == "inventory").unwrap_or_else(|| "primary".to_owned());
            let volume = Volume::open(shared.options.state_dir.join("volumes").join(name), &copy)?;
            if name == "inventory" && copy == "primary" {
                volume.fill()?;
            }
            let size = usize::try_from(shared.config_u64(name, "db_pool_size", 10)).unwrap_or(10);
            database = Some(Pool::new(volume.path("data.sqlite"), size));
            disk = Some(volume);
        }
        Ok(Arc::new(Self {
            name,
            metrics: Registry::default(),
            heap: Heap::default(),
            fleet: Fleet::new(replicas),
            limiter: Limiter::default(),
            client,
            pool: database,
            volume: disk,
            in_flight: AtomicUsize::new(0),
            busy_ns: AtomicU64::new(0),
            ended_in_order: AtomicBool::new(false),
            restarts: watch::Sender::new(0),
            lock: Mutex::default(),
            started_ns: AtomicU64::new(now_ns()),
            shared,
        }))
    }

    /// Runs something on a connection of its own, for setting up.
    pub(crate) fn setup(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), Error> {
        let Some(volume) = &self.volume else { return Ok(()) };
        let run = || work(&pool::open(&volume.path("data.sqlite"))?);
        run().map_err(Error::database(self.name))
    }

    /// The version that runs.
    pub(crate) fn version(&self) -> String {
        self.shared.service(self.name, |s| s.version.clone()).unwrap_or_default()
    }

    /// Whether the code that runs has a defect.
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.shared.service(self.name, |s| s.has(defect)).unwrap_or(false)
    }

    /// A number from the configuration.
    pub(crate) fn config(&self, name: &str, default: u64) -> u64 {
        self.shared.config_u64(self.name, name, default)
    }

    /// Decides a flag for a customer, and counts the decision.
    pub(crate) fn flag(&self, flag: &'static str, customer: &str) -> bool {
        let on = self.shared.flag(self.name, flag, customer);
        let variant = if on { "on" } else { "off" };
        self.metrics.inc("feature_flag_evaluations_total", &[("flag", flag), ("variant", variant)]);
        on
    }

    /// The process's lock.
    pub(crate) fn lock(&self) -> Arc<RwLock<()>> {
        Arc::clone(&self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes to the service's log.
    pub(crate) fn log(&self, level: Level, message: &str, fields: &[(&str, &str)], cx: Option<&Cx>) {
        self.shared.logs.write(self.name, level, message, fields, cx.map(|c| c.trace));
    }

    /// Takes a connection from the pool.
    pub(crate) async fn database(&self, cx: &Cx) -> Result<Lease, Failure> {
        let Some(pool) = &self.pool else {
            return Err(Failure::unavailable("this service has no database"));
        };
        let limit = Duration::from_millis(self.config("db_acquire_timeout_ms", 500));
        let (begun, start_ns) = (std::time::Instant::now(), now_ns());
        let result = pool.acquire(limit).await;
        // A wait worth seeing gets a span of its own.
        if begun.elapsed() > Duration::from_millis(20) || result.is_err() {
            let error = result.as_ref().err().map(ToString::to_string);
            let attributes = vec![("db.system", "sqlite".to_owned()), ("db.name", self.name.to_owned())];
            self.span(cx, "db.pool.acquire", SpanKind::Client, start_ns, attributes, error);
        }
        result.map_err(|error| match error {
            NoConnection::Timeout { .. } => Failure::unavailable(error.to_string()),
            NoConnection::Open(_) => {
                Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
        })
    }

    /// Runs one statement: a round trip, a span, the metrics.
    pub(crate) async fn query<T>(
        &self,
        cx: &Cx,
        lease: &Lease,
        statement: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let (begun, start_ns) = (std::time::Instant::now(), now_ns());
        tokio::time::sleep(ROUND_TRIP).await;
        let result = lease.with(work);
        let operation = statement.split_whitespace().next().unwrap_or("SQL");
        self.metrics.inc("db_queries_total", &[("operation", operation)]);
        self.metrics.observe("db_query_duration_seconds", &[], begun.elapsed().as_secs_f64(), None);
        let error = result.as_ref().err().map(ToString::to_string);
        if error.is_some() {
            self.metrics.inc("db_errors_total", &[("operation", operation)]);
        }
        let attributes = vec![
            ("db.system", "sqlite".to_owned()),
            ("db.name", self.name.to_owned()),
            ("db.operation", operation.to_owned()),
            ("db.statement", statement.to_owned()),
        ];
        self.span(cx, &format!("{operation} {}", self.name), SpanKind::Client, start_ns, attributes, error);
        result.map_err(|e| {
            Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, format!("database error: {e}"))
        })
    }

    /// Runs one statement that writes; a full volume refuses it.
    pub(crate) async fn write<T>(
        &self,
        cx: &Cx,
        lease: &Lease,
        statement: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        // The write-ahead log needs room for at least a few pages.
        if let Some(Err(full)) = self.volume.as_ref().map(|v| v.room_for(16 * 1024)) {
            self.metrics.inc("disk_write_errors_total", &[]);
            self.metrics.inc("db_errors_total", &[("operation", "WAL")]);
            let message = format!("database or disk is full: {full} while writing data.sqlite-wal");
            return Err(Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, message));
        }
        self.query(cx, lease, statement, work).await
    }

    /// Records a span below `cx` that ends now.
    pub(crate) fn span(
        &self,
        cx: &Cx,
        name: &str,
        kind: SpanKind,
        start_ns: u64,
        attributes: Vec<(&'static str, String)>,
        error: Option<String>,
    ) {
        let span = self.shared.tracer.start(Some(cx.trace));
        self.shared.tracer.record(SpanRecord {
            service: self.name,
            name: name.to_owned(),
            kind,
            cx: span,
            parent: Some(cx.trace.span_id),
            start_ns,
            end_ns: now_ns(),
            attributes,
            error,
        });
    }

    /// Restarts all replicas in turn, as after a release, a change of settings, or an order to.
    pub(crate) async fn restart(&self, reason: &'static str) {
        let replicas = self.fleet.all();
        for replica in &replicas {
            replica.stop();
            tokio::time::sleep(REPLICA_RESTART).await;
            replica.start();
        }
        self.ended_in_order.store(true, Ordering::SeqCst);
        self.fresh_process(reason);
    }

    /// The process is killed and started again by its supervisor.
    pub(crate) async fn crash(&self, reason: &'static str) {
        for replica in self.fleet.all() {
            replica.stop();
        }
        self.ended_in_order.store(false, Ordering::SeqCst);
        self.fresh_process(reason);
        tokio::time::sleep(CRASH_RESTART).await;
        for replica in self.fleet.all() {
            replica.start();
        }
    }

    fn fresh_process(&self, reason: &'static str) {
        self.heap.clear();
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.started_ns.store(now_ns(), Ordering::SeqCst);
        // The supervisor counts restarts; all else was in the memory of the process that ended.
        self.metrics.restart(&["process_restarts_total"]);
        self.busy_ns.store(0, Ordering::Relaxed);
        if let Some(pool) = &self.pool {
            pool.forget_timeouts();
        }
        self.metrics.inc("process_restarts_total", &[("reason", reason)]);
        self.restarts.send_modify(|n| *n += 1);
        self.log(Level::Info, "started", &[("version", &self.version()), ("reason", reason)], None);
    }

    /// When the process began, in nanoseconds of Unix time.
    pub(crate) fn started_ns(&self) -> u64 {
        self.started_ns.load(Ordering::SeqCst)
    }

    /// Brings the gauges up to date before they are read.
    pub(crate) fn collect(&self) {
        let m = &self.metrics;
        m.set("process_resident_memory_bytes", &[], self.heap.used() as f64);
        m.set("process_memory_limit_bytes", &[], LIMIT as f64);
        m.set("process_cpu_seconds_total", &[], self.busy_ns.load(Ordering::Relaxed) as f64 / 1e9);
        m.set("process_start_time_seconds", &[], self.started_ns.load(Ordering::SeqCst) as f64 / 1e9);
        m.set("http_requests_in_flight", &[], self.in_flight.load(Ordering::SeqCst) as f64);
        m.set("replicas_ready", &[], self.fleet.ready() as f64);
        m.forget("build_info");
        m.set("build_info", &[("version", &self.version())], 1.0);
        if let Some(pool) = &self.pool {
            m.set("db_pool_size", &[], pool.size() as f64);
            m.set("db_pool_in_use", &[], pool.in_use() as f64);
            m.set("db_pool_waiting", &[], pool.waiting() as f64);
            m.set("db_pool_timeouts_total", &[], pool.timeouts() as f64);
        }
        if let Some(volume) = &self.volume {
            m.set("disk_size_bytes", &[], volume::SIZE as f64);
            m.set("disk_used_bytes", &[], volume.used() as f64);
            m.add("disk_write_errors_total", &[], 0.0);
        }
    }
}
