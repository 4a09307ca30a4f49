//! Randomness that a seed and a purpose determine, so that a run's choices can be repeated.

use rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};

/// A generator for one purpose.
pub(crate) fn rng(seed: u64, purpose: &str) -> StdRng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&hash.finalize());
    StdRng::from_seed(bytes)
}

/// A number in `0..modulus` that a text determines: which customers a percentage takes in.
pub(crate) fn bucket(text: &str, modulus: u64) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    let mut eight = [0; 8];
    eight.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(eight) % modulus.max(1)
}

/// A commit hash as text.
pub(crate) fn commit(seed: u64, what: &str) -> String {
    hex::encode(Sha256::digest(format!("{seed}/{what}").as_bytes()))[..40].to_owned()
}
