//! The audit log: who did what, in what order. Each entry carries the hash of the one before it, so that an entry which
//! was changed, taken out or put in later breaks the chain from there on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the first entry follows on.
const GENESIS: &str = "firebell audit log";

/// What is to be written down, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who: a person's name, or `system`.
    pub actor: String,
    /// What, as `resource.verb`: `account.create`, `session.begin`, `incident.acknowledge`.
    pub action: String,
    /// To what: an id.
    pub target: String,
    /// What else is worth knowing; never a secret.
    #[serde(default)]
    pub detail: Value,
}

impl Act {
    /// An act without detail.
    pub fn new(actor: &str, action: &str, target: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail: Value::Null,
        }
    }

    /// With detail.
    #[must_use]
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What was done.
    #[serde(flatten)]
    pub act: Act,
    /// Hash of the entry before it.
    pub prev: String,
    /// SHA-256 of all of the above, hexadecimal.
    pub hash: String,
}

impl AuditEntry {
    /// Puts an act at the end of the chain. Its time never runs backwards.
    pub fn after(last: Option<&Self>, act: Act, now: Timestamp) -> Self {
        let (seq, prev) = match last {
            Some(last) => (last.seq + 1, last.hash.clone()),
            None => (1, hex::encode(Sha256::digest(GENESIS))),
        };
        // As fine as stores keep it: the hash must come out the same after reading.
        let at = last.map_or(now, |last| now.max(last.at));
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let mut entry = Self { seq, at, act, prev, hash: String::new() };
        entry.hash = entry.reckon();
        entry
    }

    /// The hash that this content has.
    pub fn reckon(&self) -> String {
        let mut hash = Sha256::new();
        let detail = self.act.detail.to_string();
        let at = self.at.to_string();
        let seq = self.seq.to_string();
        // Lengths go before texts: no two entries are written alike.
        for text in [&seq, &at, &self.act.actor, &self.act.action, &self.act.target, &detail, &self.prev] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log is broken at entry {seq}: {why}")]
pub struct Broken {
    /// The first entry that does not fit.
    pub seq: u64,
    /// What does not fit.
    pub why: &'static str,
}

/// Follows a chain from its beginning, page by page.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    last: Option<AuditEntry>,
}

impl Chain {
    /// Takes the next entry.
    ///
    /// # Errors
    /// [`Broken`] where it does not follow on the ones before it.
    pub fn follow(&mut self, entry: &AuditEntry) -> Result<(), Broken> {
        let broken = |why| Err(Broken { seq: entry.seq, why });
        let seq = self.last.as_ref().map_or(1, |last| last.seq + 1);
        if entry.seq != seq {
            return Err(Broken { seq, why: "an entry is missing or was put in" });
        }
        if entry.hash != entry.reckon() {
            return broken("its content is not what its hash says");
        }
        let prev =
            self.last.as_ref().map_or_else(|| hex::encode(Sha256::digest(GENESIS)), |l| l.hash.clone());
        if entry.prev != prev {
            return broken("it does not follow on the entry before it");
        }
        self.last = Some(entry.clone());
        Ok(())
    }

    /// The last entry that was followed.
    pub fn head(&self) -> Option<&AuditEntry> {
        self.last.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chain(n: u64) -> Vec<AuditEntry> {
        let mut all: Vec<AuditEntry> = Vec::new();
        for i in 0..n {
            let act =
                Act::new("Ada", "account.create", &format!("p{i}")).with(json!({"role": "viewer", "n": i}));
            let now = Timestamp::from_second(1_700_000_000 + i as i64).unwrap();
            all.push(AuditEntry::after(all.last(), act, now));
        }
        all
    }

    fn follow(entries: &[AuditEntry]) -> Result<usize, Broken> {
        let mut chain = Chain::default();
        entries.iter().try_for_each(|e| chain.follow(e))?;
        Ok(entries.len())
    }

    #[test]
    fn a_chain_that_nobody_touched_is_whole() {
        let entries = chain(20);
        assert_eq!(follow(&entries), Ok(20));
        let read: Vec<AuditEntry> = serde_json::from_str(&serde_json::to_string(&entries).unwrap()).unwrap();
        assert_eq!(follow(&read), Ok(20));
    }

    #[test]
    fn whatever_is_changed_afterwards_is_found() {
        let whole = chain(9);
        let changes: [fn(&mut AuditEntry); 6] = [
            |e| e.act.actor = "Eve".to_owned(),
            |e| e.act.target.push('x'),
            |e| e.act.detail = json!({"role": "admin", "n": 4}),
            |e| e.at = e.at.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap(),
            |e| e.act.action = "account.remove".to_owned(),
            |e| {
                // Even with a hash that fits.
                e.act.actor = "Eve".to_owned();
                e.hash = e.reckon();
            },
        ];
        for change in changes {
            let mut entries = whole.clone();
            change(&mut entries[4]);
            let broken = follow(&entries).unwrap_err();
            assert!(broken.seq == 5 || broken.seq == 6, "{broken}");
        }
        let mut entries = whole.clone();
        entries.remove(4);
        assert_eq!(follow(&entries).unwrap_err().seq, 5);
        let mut entries = whole;
        entries.swap(4, 5);
        assert_eq!(follow(&entries).unwrap_err().seq, 5);
    }

    #[test]
    fn time_never_runs_backwards() {
        let first = AuditEntry::after(None, Act::new("a", "b", "c"), Timestamp::from_second(100).unwrap());
        let second =
            AuditEntry::after(Some(&first), Act::new("a", "b", "c"), Timestamp::from_second(50).unwrap());
        assert_eq!(second.at, first.at);
    }
}
