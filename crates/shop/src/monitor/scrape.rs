//! Scraping.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use super::sample::Sample;

/// Scrapes kept per service.
const HISTORY: usize = 45;
/// A service that has not answered by then is down.
const TIMEOUT: Duration = Duration::from_millis(900);

/// The last scrapes of every service, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    samples: BTreeMap<String, VecDeque<Sample>>,
}

impl History {
    /// Scrapes all targets at once.
    pub(super) async fn scrape(&mut self, client: &reqwest::Client, targets: &[(String, String)]) {
        let answers = targets.iter().map(|(name, base)| async move {
            let request = client.get(format!("{base}/metrics")).timeout(TIMEOUT).send();
            let text = async { request.await?.error_for_status()?.text().await }.await;
            (name, text.ok())
        });
        for (name, text) in futures_util::future::join_all(answers).await {
            let at = Instant::now();
            self.push(name, text.map_or_else(|| Sample::down(at), |t| Sample::parse(at, &t)));
        }
    }

    /// Takes one scrape.
    pub(super) fn push(&mut self, service: &str, sample: Sample) {
        let samples = self.samples.entry(service.to_owned()).or_default();
        samples.push_back(sample);
        while samples.len() > HISTORY {
            samples.pop_front();
        }
    }

    /// The newest scrape of every service.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&str, &Sample)> {
        self.samples.iter().filter_map(|(name, s)| Some((name.as_str(), s.back()?)))
    }

    /// The newest scrape and the one `window` before it, both good; with the seconds between.
    pub(super) fn span(&self, service: &str, window: Duration) -> Option<(&Sample, &Sample, f64)> {
        let samples = self.samples.get(service)?;
        let new = samples.back().filter(|s| s.up)?;
        let old = samples.iter().filter(|s| s.up).find(|s| new.at.duration_since(s.at) <= window)?;
        let seconds = new.at.duration_since(old.at).as_secs_f64();
        (seconds > 0.5).then_some((old, new, seconds))
    }
}
