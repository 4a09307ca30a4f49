//! Ids of changes whose sender gives none.

use firebell_core::change::Change;
use sha2::{Digest, Sha256};

/// An id that follows from what was changed, so that the same change sent twice is one: the commit's, where the change
/// is a commit, else twelve hex digits of a SHA-256.
pub(crate) fn change_id(change: &Change) -> String {
    if let (firebell_core::change::ChangeKind::Commit, Some(commit)) = (change.kind, &change.commit) {
        return commit.clone();
    }
    let mut hash = Sha256::new();
    let at = change.at.as_microsecond().to_string();
    let parts = [
        Some(at.as_str()),
        Some(change.kind.as_str()),
        Some(&change.component),
        change.from.as_deref(),
        change.to.as_deref(),
        change.commit.as_deref(),
        Some(&change.summary),
    ];
    for part in parts {
        let part = part.unwrap_or("");
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("chg-{}", hex::encode(&hash.finalize()[..6]))
}
