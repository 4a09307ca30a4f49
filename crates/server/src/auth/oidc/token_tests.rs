//! ID tokens: what is taken, and whatever is not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::signature::{Keys, Unsigned};
use super::super::signer::{Signer, b64};
use super::{Expected, Refused, check};

const NOW: i64 = 1_700_000_000;

fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "https://login.example.com", "aud": "firebell", "sub": "u-1", "nonce": "nonce-1", "iat": NOW - 1,
        "exp": NOW + 300
    });
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn keys_of(signer: &Signer) -> Keys {
    Keys::read(signer.published().to_string().as_bytes()).expect("keys")
}

fn checked(token: &str, keys: &Keys) -> Result<String, Refused> {
    let at = |second| Timestamp::from_second(second).expect("a time");
    let expected = Expected {
        issuer: "https://login.example.com",
        client_id: "firebell",
        nonce: "nonce-1",
        begun: at(NOW - 20),
        now: at(NOW),
    };
    check(token, keys, &expected).map(|claims| claims["sub"].as_str().expect("a subject").to_owned())
}

#[test]
fn what_the_providers_keys_signed_is_believed() {
    let signer = Signer::new();
    let keys = keys_of(&signer);
    for (alg, kid) in [("ES256", "ec"), ("EdDSA", "ed"), ("RS256", "rsa"), ("PS256", "rsa")] {
        let token = signer.sign(json!({"alg": alg, "kid": kid}), &claims(json!({})));
        assert_eq!(checked(&token, &keys), Ok("u-1".to_owned()), "{alg}");
        // A provider with one key of a kind need not name it.
        let token = signer.sign(json!({"alg": alg}), &claims(json!({})));
        assert_eq!(checked(&token, &keys), Ok("u-1".to_owned()), "{alg}");
        // Another provider's key of the same name.
        if kid != "rsa" {
            let token = Signer::new().sign(json!({"alg": alg, "kid": kid}), &claims(json!({})));
            assert_eq!(checked(&token, &keys), Err(Unsigned::Signature.into()), "{alg}");
        }
    }
}

#[test]
fn a_token_chooses_neither_its_algorithm_nor_its_key() {
    let signer = Signer::new();
    let keys = keys_of(&signer);
    for alg in ["none", "None", "", "HS256", "ES512", "RS1"] {
        let token = signer.sign(json!({"alg": alg, "kid": "rsa"}), &claims(json!({})));
        assert_eq!(checked(&token, &keys), Err(Unsigned::Algorithm(alg.to_owned()).into()));
    }
    // The public key as a shared secret, in every form that a library might have taken it in.
    let published = signer.published();
    let n = published["keys"][2]["n"].as_str().expect("a modulus");
    for secret in
        [n.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(n).expect("base64"), published.to_string().into()]
    {
        let signed = format!(
            "{}.{}",
            b64(json!({"alg": "HS256", "kid": "rsa"}).to_string().as_bytes()),
            b64(claims(json!({})).to_string().as_bytes())
        );
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let token = format!("{signed}.{}", b64(ring::hmac::sign(&key, signed.as_bytes()).as_ref()));
        assert_eq!(checked(&token, &keys), Err(Unsigned::Algorithm("HS256".to_owned()).into()));
    }
    for (header, why) in [
        (json!({"alg": "ES256", "kid": "another"}), Unsigned::UnknownKey),
        // A key of another kind, one for another algorithm, one that is not for signatures.
        (json!({"alg": "RS256", "kid": "ec"}), Unsigned::UnknownKey),
        (json!({"alg": "ES384", "kid": "ec"}), Unsigned::UnknownKey),
        (json!({"alg": "RS256", "kid": "for-encryption"}), Unsigned::UnknownKey),
        (json!({"alg": "RS256", "kid": "strange"}), Unsigned::UnknownKey),
        (json!({"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": false}), Unsigned::Critical),
        // Keys that a token brings along are nobody's.
        (json!({"alg": "ES256", "jwk": signer.published()["keys"][0], "kid": "mine"}), Unsigned::UnknownKey),
    ] {
        let token = signer.sign(header.clone(), &claims(json!({})));
        assert_eq!(checked(&token, &keys), Err(why.into()), "{header}");
    }
}

#[test]
fn whatever_is_changed_or_cut_off_is_found() {
    let signer = Signer::new();
    let keys = keys_of(&signer);
    let token = signer.sign(json!({"alg": "ES256", "kid": "ec"}), &claims(json!({})));
    let parts: Vec<&str> = token.split('.').collect();
    let other = b64(claims(json!({"sub": "u-2"})).to_string().as_bytes());
    let changed = format!("{}.{other}.{}", parts[0], parts[2]);
    assert_eq!(checked(&changed, &keys), Err(Unsigned::Signature.into()));
    assert_eq!(checked(&format!("{}.{}.", parts[0], parts[1]), &keys), Err(Unsigned::Signature.into()));
    for bad in ["", "..", "a.b.c", "é.é.é", &parts[..2].join("."), &format!("{token}.x"), &token[1..]] {
        assert_eq!(checked(bad, &keys), Err(Unsigned::Malformed.into()), "{bad}");
    }
    for end in 0..token.len() {
        assert!(checked(&token[..end], &keys).is_err());
    }
}

#[test]
fn each_claim_is_held_against_this_sign_in() {
    let signer = Signer::new();
    let keys = keys_of(&signer);
    let result = |changes: Value| {
        let token = signer.sign(json!({"alg": "ES256", "kid": "ec"}), &claims(changes));
        match checked(&token, &keys) {
            Ok(_) => "believed",
            Err(Refused::Claim(claim, _)) => claim,
            Err(error) => panic!("{error}"),
        }
    };
    for (changes, outcome) in [
        (json!({"iss": "https://login.example.com/"}), "iss"),
        (json!({"iss": ["https://login.example.com"]}), "iss"),
        (json!({"iss": null}), "iss"),
        (json!({"aud": "another"}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": ["another"]}), "aud"),
        (json!({"aud": ["firebell"]}), "believed"),
        (json!({"aud": ["firebell", "another"]}), "azp"),
        (json!({"aud": ["firebell", "another"], "azp": "another"}), "azp"),
        (json!({"aud": ["firebell", "another"], "azp": "firebell"}), "believed"),
        (json!({"azp": "another"}), "azp"),
        (json!({"exp": NOW - 121}), "exp"),
        (json!({"exp": NOW - 60}), "believed"),
        (json!({"exp": null}), "exp"),
        (json!({"exp": (NOW + 300).to_string()}), "exp"),
        (json!({"iat": NOW + 121}), "iat"),
        (json!({"iat": NOW - 141}), "iat"),
        (json!({"iat": null}), "iat"),
        (json!({"iat": NOW as f64 + 0.5}), "believed"),
        (json!({"nbf": NOW + 121}), "nbf"),
        (json!({"nbf": "soon"}), "nbf"),
        (json!({"nbf": NOW}), "believed"),
        (json!({"nonce": "nonce-2"}), "nonce"),
        (json!({"nonce": ""}), "nonce"),
        (json!({"nonce": null}), "nonce"),
        (json!({"sub": ""}), "sub"),
        (json!({"sub": 7}), "sub"),
        (json!({"sub": "x".repeat(256)}), "sub"),
        (json!({}), "believed"),
    ] {
        assert_eq!(result(changes.clone()), outcome, "{changes}");
    }
}
