//! Passwords: Argon2id with the parameters that OWASP's password storage cheat sheet gives (19 MiB, two passes, one lane),
//! hashed off the async threads and few at a time, so that a crowd at the door costs neither memory nor answers.

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Shortest password (NIST SP 800-63B-4 asks for 15 where it is the only factor; a passphrase of words has that).
const SHORTEST: usize = 12;
/// Longest; beyond it hashing would be work for nothing.
const LONGEST: usize = 256;
/// Hashed at the same time.
const AT_ONCE: usize = 2;
/// What everybody tries first. The length rule keeps most lists out already.
const COMMON: [&str; 12] = [
    "password1234",
    "passwordpassword",
    "123456789012",
    "1234567890123456",
    "qwertyuiop123",
    "qwertyuiopasdfgh",
    "administrator",
    "letmeinletmein",
    "changemechangeme",
    "iloveyouiloveyou",
    "firebellfirebell",
    "correct horse battery staple",
];

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
/// The hash of no password: a name that is not known must take as long as one that is.
static NOBODY: LazyLock<String> = LazyLock::new(|| make("nobody has this password").unwrap_or_default());

/// Checks a new password.
///
/// # Errors
/// Says what is wrong with it and what would be right.
pub(crate) fn check(password: &str, name: &str) -> Result<(), String> {
    let letters = password.chars().count();
    if letters < SHORTEST {
        return Err(format!("must have at least {SHORTEST} characters: a few words are easy to remember"));
    }
    if password.len() > LONGEST {
        return Err(format!("must have at most {LONGEST} bytes"));
    }
    let lower = password.to_lowercase();
    let name = name.trim().to_lowercase();
    let distinct = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    if COMMON.contains(&lower.as_str()) || distinct < 5 || (name.len() > 3 && lower.contains(&name)) {
        return Err("is too easy to guess: take one that is not your name and not on every list".to_owned());
    }
    Ok(())
}

/// Hashes a password.
pub(crate) async fn hash(password: String) -> Result<String, Problem> {
    work(move || make(&password)).await?.map_err(|error| Problem::internal(&error))
}

/// Whether a password is the one that was hashed; `None` takes as long and is no.
pub(crate) async fn verify(password: String, hash: Option<String>) -> Result<bool, Problem> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    work(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let same = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        same && known
    })
    .await
}

fn make(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

async fn work<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let turn = Arc::clone(&TURNS).acquire_owned().await.map_err(|e| Problem::internal(&e))?;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        f()
    })
    .await
    .map_err(|e| Problem::internal(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other() {
        let hash = hash("three small words".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("three small words".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify("three small wordz".to_owned(), Some(hash)).await.unwrap());
        assert!(!verify("nobody has this password".to_owned(), None).await.unwrap());
        assert!(!verify("x".repeat(100_000), None).await.unwrap());
        assert!(!verify("anything at all".to_owned(), Some("not a hash".to_owned())).await.unwrap());
    }

    #[test]
    fn weak_ones_are_refused_with_a_reason() {
        for bad in ["short", "Password1234", "aaaaaaaaaaaaaaaa", "ada lovelace 1815", &"x1y2z3".repeat(60)] {
            assert!(check(bad, "Ada Lovelace").is_err(), "{bad}");
        }
        check("drei kleine Wörter", "Ada").unwrap();
    }
}
