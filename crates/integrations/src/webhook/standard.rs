//! Signatures after Standard Webhooks: `webhook-signature: v1,BASE64` of the HMAC-SHA256 of `ID.UNIX_SECONDS.BODY`. A
//! receiver can check them with the libraries that exist for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use jiff::Timestamp;

use super::sign::mac;

/// What secrets begin with.
pub const PREFIX: &str = "whsec_";

/// A secret made of random bytes, as it is shown.
pub fn secret(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The headers of one attempt. Several secrets give several signatures, so that a receiver can change over from one to
/// the other.
pub fn headers(secrets: &[&str], id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let seconds = at.as_second().to_string();
    let signatures: Vec<String> = secrets
        .iter()
        .filter_map(|secret| {
            let mac = mac(&key(secret)?, &[id, &seconds], body)?;
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        })
        .collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// Whether one of the signatures is that of a body, sent within `tolerance_s` of `now`. For receivers and tests.
pub fn verify(
    secret: &str,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
    tolerance_s: i64,
) -> bool {
    let (Some(key), Ok(seconds)) = (key(secret), timestamp.parse::<i64>()) else { return false };
    if (i128::from(now.as_second()) - i128::from(seconds)).abs() > i128::from(tolerance_s) {
        return false;
    }
    signatures.split(' ').filter_map(|s| s.strip_prefix("v1,")).any(|signature| {
        let Ok(bytes) = STANDARD.decode(signature) else { return false };
        mac(&key, &[id, timestamp], body).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
    })
}

fn key(secret: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok().filter(|k| !k.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn the_signature_is_that_of_the_specifications_example() {
        let [id, time, signature] = headers(&[SECRET], ID, at(1_614_265_330), BODY);
        assert_eq!((id.1.as_str(), time.1.as_str()), (ID, "1614265330"));
        // Known from the specification's own libraries.
        assert_eq!(
            signature,
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned())
        );
    }

    #[test]
    fn a_signature_holds_for_its_id_time_body_and_secret_only() {
        let other = secret(&[7; 32]);
        let both = headers(&[&other, SECRET], ID, at(1000), BODY)[2].1.clone();
        for good in [SECRET, &other] {
            assert!(verify(good, ID, "1000", &both, BODY, at(1300), 300));
        }
        assert!(!verify(SECRET, ID, "1000", &both, BODY, at(1301), 300));
        assert!(!verify(SECRET, "other", "1000", &both, BODY, at(1000), 300));
        assert!(!verify(SECRET, ID, "1001", &both, BODY, at(1000), 300));
        assert!(!verify(SECRET, ID, "1000", &both, b"{}", at(1000), 300));
        assert!(!verify(&secret(&[8; 32]), ID, "1000", &both, BODY, at(1000), 300));
        for broken in ["", "v1,", "v1,zz", "v1a,AAAA", "g0hM"] {
            assert!(!verify(SECRET, ID, "1000", broken, BODY, at(1000), 300), "{broken}");
        }
    }
}
