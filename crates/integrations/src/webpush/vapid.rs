//! Who sends: a key pair of this installation, by which push services know that it is the one that browsers agreed to.

use jiff::Timestamp;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::{KeyError, decode, encode};

/// A token is good for so long, in seconds; a day at most is allowed.
const GOOD_FOR_S: i64 = 12 * 3600;

/// The key pair.
pub struct Vapid {
    keys: EcdsaKeyPair,
    public: String,
    contact: String,
}

impl std::fmt::Debug for Vapid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vapid").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Vapid {
    /// Makes a new key pair, as text that [`Vapid::read`] takes; it is a secret.
    ///
    /// # Errors
    /// Where the machine has no random numbers.
    pub fn generate() -> Result<String, KeyError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Ok(encode(made.map_err(|_| KeyError("no random numbers could be had"))?.as_ref()))
    }

    /// Reads a key pair. `contact` is where push services may complain: `https:` or `mailto:`.
    ///
    /// # Errors
    /// Where it is none.
    pub fn read(text: &str, contact: &str) -> Result<Self, KeyError> {
        let none = KeyError(
            "it holds no key pair: delete it, and a new one is made; devices must then be added again",
        );
        let bytes = decode(text).ok_or(none.clone())?;
        let keys = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new())
            .map_err(|_| none)?;
        let public = encode(keys.public_key().as_ref());
        Ok(Self { keys, public, contact: contact.to_owned() })
    }

    /// The public key, as browsers take it.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The `Authorization` of a message to an endpoint.
    ///
    /// # Errors
    /// Where the endpoint is no address, or nothing can be signed.
    pub fn authorization(&self, endpoint: &str, now: Timestamp) -> Result<String, KeyError> {
        let url = Url::parse(endpoint).map_err(|_| KeyError("the endpoint is no address"))?;
        let claims = json!({
            "aud": url.origin().ascii_serialization(),
            "exp": now.as_second().saturating_add(GOOD_FOR_S),
            "sub": self.contact,
        });
        let header = encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let text = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let signature = self
            .keys
            .sign(&SystemRandom::new(), text.as_bytes())
            .map_err(|_| KeyError("nothing could be signed"))?;
        Ok(format!("vapid t={text}.{}, k={}", encode(signature.as_ref()), self.public))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_is_for_the_push_service_and_signed_by_the_key_it_names() {
        let text = Vapid::generate().expect("keys");
        let vapid = Vapid::read(&format!("{text}\n"), "mailto:ops@example.com").expect("keys");
        assert!(!format!("{vapid:?}").contains(&text));
        assert_eq!(vapid.public_key(), Vapid::read(&text, "").expect("keys").public_key());
        let now = Timestamp::from_second(1_767_607_200).expect("a time");
        let header = vapid.authorization("https://push.example:8443/send/abc?x=1", now).expect("a header");
        let (token, key) =
            header.strip_prefix("vapid t=").and_then(|h| h.split_once(", k=")).expect("both parts");
        assert_eq!((key, decode(key).expect("a key").len()), (vapid.public_key(), 65));
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = decode(signature).expect("a signature");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key).expect("a key"))
            .verify(signed.as_bytes(), &signature)
            .expect("genuine");
        let claims = decode(signed.split_once('.').expect("two parts").1).expect("claims");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        let expected = json!({"aud": "https://push.example:8443", "exp": 1_767_650_400, "sub": "mailto:ops@example.com"});
        assert_eq!(claims, expected);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "AAAA", "not base64!"] {
            assert!(Vapid::read(text, "").is_err());
        }
        let text = Vapid::generate().expect("keys");
        assert!(Vapid::read(&text[..text.len() - 8], "").is_err());
    }
}
