//! The task that runs the post office.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use firebell_engine::handle::Error;
use firebell_integrations::http::Outbound;
use tokio::sync::watch;

use super::carrier::{Carrier, carriers};
use super::collect::{Cursor, collect};
use super::desk::Desk;
use super::publisher::{Publisher, publishers};
use super::send::Sending;
use super::wire::Wire;
use crate::state::AppState;

/// Looked so often even if nothing woke it: retries come due by themselves.
const POLL: Duration = Duration::from_millis(500);
/// After a look the next one waits so long: in a storm, many commits share one.
const PAUSE: Duration = Duration::from_millis(50);
/// What is under way when it stops has so long to end; what has not is sent again after the next start.
const GRACE: Duration = Duration::from_secs(5);

/// Follows the record and sends what is due until `stop` turns true.
pub async fn post(state: AppState, stop: watch::Receiver<bool>) {
    PostOffice::new(&state).run(stop).await;
}

/// The post office.
pub struct PostOffice {
    desk: Arc<Desk>,
    publishers: Arc<[Box<dyn Publisher>]>,
    carriers: BTreeMap<&'static str, Arc<dyn Carrier>>,
    cursor: Option<Cursor>,
    sending: Sending,
}

impl PostOffice {
    /// Of a server.
    pub fn new(state: &AppState) -> Self {
        Self::with(state, Arc::new(Outbound::new(state.post.allow_private)))
    }

    /// With another way out.
    pub(crate) fn with(state: &AppState, wire: Arc<dyn Wire>) -> Self {
        let desk = Desk {
            handle: state.handle.clone(),
            reader: Arc::clone(&state.reader),
            office: Arc::clone(&state.office),
            auth: Arc::clone(&state.auth),
            clock: Arc::clone(&state.clock),
            state: state.clone(),
            wire,
            vapid: state.post.vapid.clone(),
            public_url: state.public_url.trim_end_matches('/').to_owned(),
        };
        Self {
            desk: Arc::new(desk),
            publishers: publishers().into(),
            carriers: carriers(),
            cursor: None,
            sending: Sending::default(),
        }
    }

    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.desk.handle.changes();
        while !*stop.borrow() {
            changes.borrow_and_update();
            match self.turn().await {
                Ok(_) => {}
                Err(Error::Stopped) => return,
                Err(error) => tracing::warn!(%error, "the post office could not go on; trying again"),
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                _ = stop.changed() => break,
                () = self.sending.one(), if !self.sending.is_idle() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
        let _ = tokio::time::timeout(GRACE, async {
            while !self.sending.is_idle() {
                self.sending.one().await;
            }
        })
        .await;
    }

    /// Takes in what happened, and begins what is due; answers how many.
    async fn turn(&mut self) -> Result<usize, Error> {
        // What is put in is sent, whatever is wrong with the record.
        let collected = self.collect().await;
        let begun = self.sending.begin(&self.carriers, &self.desk).await?;
        collected.map(|()| begun)
    }

    /// Takes in what happened.
    pub(crate) async fn collect(&mut self) -> Result<(), Error> {
        collect(&mut self.cursor, &self.publishers, &self.desk).await
    }

    /// Goes on until nothing is due any more.
    #[cfg(test)]
    pub(crate) async fn settle(&mut self) {
        self.collect().await.expect("the record");
        while self.sending.begin(&self.carriers, &self.desk).await.expect("deliveries") > 0 {
            while !self.sending.is_idle() {
                self.sending.one().await;
            }
        }
    }
}
