//! Signs tokens as a provider does, for tests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// A provider's private keys. The elliptic ones are new for each test; `ring` makes no RSA keys.
pub(crate) struct Signer {
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    rsa: RsaKeyPair,
    /// Name of the elliptic key.
    name: String,
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self::named("ec")
    }

    /// With another name of the elliptic key.
    pub(crate) fn named(name: &str) -> Self {
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let ed = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        Self {
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random)
                .expect("a key"),
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).expect("a key"),
            rsa: RsaKeyPair::from_pkcs8(include_bytes!("only_for_tests.rsa.der")).expect("a key"),
            name: name.to_owned(),
        }
    }

    /// That name.
    pub(crate) fn kid(&self) -> &str {
        &self.name
    }

    /// Its key set.
    pub(crate) fn published(&self) -> Value {
        let ec = self.ec.public_key().as_ref();
        let RsaPublicKeyComponents::<Vec<u8>> { n, e } = self.rsa.public().into();
        let (n, e) = (b64(&n), b64(&e));
        json!({"keys": [
            {"kty": "EC", "kid": self.name, "crv": "P-256", "alg": "ES256", "use": "sig",
             "x": b64(&ec[1..33]), "y": b64(&ec[33..])},
            {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": b64(self.ed.public_key().as_ref())},
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": n, "e": e},
            {"kty": "of tomorrow", "kid": "strange", "n": 7},
            {"kty": "RSA", "kid": "for-encryption", "use": "enc", "n": n, "e": e},
        ]})
    }

    /// A token with that header and those claims.
    pub(crate) fn sign(&self, header: Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
        let random = SystemRandom::new();
        let mut rsa = vec![0; self.rsa.public().modulus_len()];
        let message = signed.as_bytes();
        let signature = match header["alg"].as_str().expect("a name") {
            "ES256" => self.ec.sign(&random, message).expect("signs").as_ref().to_vec(),
            "EdDSA" => self.ed.sign(message).as_ref().to_vec(),
            "RS256" => {
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut rsa).map(|()| rsa).expect("signs")
            }
            "PS256" => {
                self.rsa.sign(&RSA_PSS_SHA256, &random, message, &mut rsa).map(|()| rsa).expect("signs")
            }
            _ => Vec::new(),
        };
        format!("{signed}.{}", b64(&signature))
    }
}

pub(crate) fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
