//! A message for one browser: `aes128gcm`, in one record.

use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::Sha256;

use super::{KeyError, decode};

/// Size of a record, which the message has to fit in.
const RECORD: u32 = 4096;
/// Longest message: a record less its tag, its end mark, and what push services allow for the header.
const LONGEST: usize = 3000;
/// Length of a public key: a point on P-256, uncompressed.
const POINT: usize = 65;

/// What a browser gave out: for whom to encrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberKeys {
    public: Vec<u8>,
    auth: Vec<u8>,
}

impl SubscriberKeys {
    /// Reads `p256dh` and `auth` of a subscription.
    ///
    /// # Errors
    /// Says which is none.
    pub fn read(p256dh: &str, auth: &str) -> Result<Self, KeyError> {
        let public = decode(p256dh).filter(|k| k.len() == POINT && k.first() == Some(&4));
        let public = public.ok_or(KeyError("p256dh is no public key of a browser"))?;
        let auth = decode(auth).filter(|k| k.len() == 16).ok_or(KeyError("auth is not 16 bytes"))?;
        Ok(Self { public, auth })
    }
}

/// Encrypts a message with a key pair and a salt that are used this once.
///
/// # Errors
/// Where the browser's key is not on the curve, or the message is too long.
pub fn encrypt(keys: &SubscriberKeys, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    if message.len() > LONGEST {
        return Err(KeyError("the message is too long for a notification"));
    }
    let rng = SystemRandom::new();
    let mut salt = [0; 16];
    let made = (|| {
        rng.fill(&mut salt)?;
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &rng)?;
        let public = private.compute_public_key()?;
        Ok::<_, ring::error::Unspecified>((private, public))
    })();
    let (private, public) = made.map_err(|_| KeyError("no random numbers could be had"))?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &keys.public);
    agree_ephemeral(private, &theirs, |shared| seal(keys, public.as_ref(), shared, &salt, message))
        .ok()
        .flatten()
        .ok_or(KeyError("p256dh is no point on the curve"))
}

/// From the shared secret on, nothing is random.
fn seal(
    keys: &SubscriberKeys,
    sender: &[u8],
    shared: &[u8],
    salt: &[u8; 16],
    message: &[u8],
) -> Option<Vec<u8>> {
    let input = hmac(&hmac(&keys.auth, &[shared])?, &[b"WebPush: info\0", &keys.public, sender, b"\x01"])?;
    let base = hmac(salt, &[&input])?;
    let key = hmac(&base, &[b"Content-Encoding: aes128gcm\0\x01"])?;
    let nonce = hmac(&base, &[b"Content-Encoding: nonce\0\x01"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.get(..16)?).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce.get(..12)?).ok()?;
    // 2 ends the last record.
    let mut record = [message, b"\x02"].concat();
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record).ok()?;
    let id_length = [u8::try_from(sender.len()).ok()?];
    Some([salt.as_slice(), &RECORD.to_be_bytes(), &id_length, sender, &record].concat())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webpush::encode;

    const UA: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn the_example_of_rfc_8291_comes_out() {
        let keys = SubscriberKeys::read(UA, AUTH).expect("keys");
        let sender =
            decode("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let shared = decode("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs").expect("a secret");
        let salt: [u8; 16] = decode("DGv6ra1nlYgDCS1FRnbzlw").expect("a salt").try_into().expect("16 bytes");
        let message = b"When I grow up, I want to be a watermelon";
        let sealed = seal(&keys, &sender.expect("a key"), &shared, &salt, message).expect("a body");
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc\
                        InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV\
                        WGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(encode(&sealed), expected);
    }

    #[test]
    fn each_message_has_its_own_key_and_bad_keys_are_refused() {
        let keys = SubscriberKeys::read(UA, &format!("{AUTH}==")).expect("keys");
        let (a, b) = (encrypt(&keys, b"x").expect("a body"), encrypt(&keys, b"x").expect("a body"));
        assert_ne!(a[..16], b[..16]);
        assert_ne!(a[21..86], b[21..86]);
        assert!(encrypt(&keys, &[0; LONGEST]).is_ok() && encrypt(&keys, &[0; LONGEST + 1]).is_err());
        let mut off = decode(UA).expect("a key");
        off[64] ^= 1;
        let off = SubscriberKeys::read(&encode(&off), AUTH).expect("looks like one");
        assert!(encrypt(&off, b"x").is_err());
        for (public, auth) in [("", AUTH), (UA, ""), ("AAAA", AUTH), (UA, "AAAA"), ("ä", AUTH)] {
            assert!(SubscriberKeys::read(public, auth).is_err());
        }
    }
}
