//! The signature of a token: JSON Web Signature in its compact form (RFC 7515), by the provider's published keys (RFC
//! 7517). Only public-key algorithms are known, and a key's own kind decides which: a token cannot choose `none`, nor have
//! a public key taken for a shared secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsigned {
    /// Not three parts of base64 with JSON.
    #[error("it is not a signed token")]
    Malformed,
    /// `none`, a shared-secret algorithm, or one that is not known.
    #[error(
        "its algorithm {0:?} is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA"
    )]
    Algorithm(String),
    /// It asks for extensions that must be understood.
    #[error("it needs extensions that Firebell does not know")]
    Critical,
    /// None of the published keys is the one that it names.
    #[error("the provider does not publish the key that it was signed with")]
    UnknownKey,
    /// The signature is not by that key.
    #[error("its signature is wrong")]
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A published key; what is missing makes it fit no token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

/// The keys that a provider publishes.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Reads a key set; keys of kinds that are not known are left out.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body).ok()?;
        Some(Self(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect()))
    }

    /// The claims of a token whose signature is by one of the keys.
    pub(super) fn open(&self, token: &str) -> Result<Map<String, Value>, Unsigned> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(Unsigned::Malformed) };
        let signed = &token[..header.len() + 1 + claims.len()];
        let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| Unsigned::Malformed)?;
        let Some(way) = Way::of(&header.alg) else {
            return Err(Unsigned::Algorithm(header.alg.chars().take(20).collect()));
        };
        if header.crit.is_some() {
            return Err(Unsigned::Critical);
        }
        let signature = bytes(signature)?;
        let fits = |key: &&Key| {
            key.kty == way.kty()
                && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
                && key.alg.as_deref().is_none_or(|alg| alg == header.alg)
                && (header.kid.is_none() || key.kid == header.kid)
        };
        let mut found = Unsigned::UnknownKey;
        for key in self.0.iter().filter(fits) {
            if way.verify(key, signed.as_bytes(), &signature).is_some() {
                return serde_json::from_slice(&bytes(claims)?).map_err(|_| Unsigned::Malformed);
            }
            found = Unsigned::Signature;
        }
        Err(found)
    }
}

/// How a signature is checked.
enum Way {
    Rsa(&'static RsaParameters),
    /// The curve, and the length of a coordinate in bytes.
    Ec(&'static dyn VerificationAlgorithm, &'static str, usize),
    Ed,
}

impl Way {
    fn of(alg: &str) -> Option<Self> {
        Some(match alg {
            "RS256" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ec(&signature::ECDSA_P256_SHA256_FIXED, "P-256", 32),
            "ES384" => Self::Ec(&signature::ECDSA_P384_SHA384_FIXED, "P-384", 48),
            "EdDSA" => Self::Ed,
            _ => return None,
        })
    }

    fn kty(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Ec(..) => "EC",
            Self::Ed => "OKP",
        }
    }

    /// Something if the signature is by that key.
    fn verify(&self, key: &Key, signed: &[u8], signature: &[u8]) -> Option<()> {
        match self {
            Self::Rsa(parameters) => {
                let (n, e) = (bytes(&key.n).ok()?, bytes(&key.e).ok()?);
                let first = n.iter().position(|b| *b != 0)?;
                RsaPublicKeyComponents { n: &n[first..], e: &e }.verify(parameters, signed, signature).ok()
            }
            Self::Ec(algorithm, curve, length) => {
                let (x, y) = (bytes(&key.x).ok()?, bytes(&key.y).ok()?);
                if key.crv != *curve || x.len() != *length || y.len() != *length {
                    return None;
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(*algorithm, point).verify(signed, signature).ok()
            }
            Self::Ed if key.crv == "Ed25519" => {
                let x = bytes(&key.x).ok()?;
                UnparsedPublicKey::new(&signature::ED25519, x).verify(signed, signature).ok()
            }
            Self::Ed => None,
        }
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Unsigned> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unsigned::Malformed)
}
