//! How a page can be acknowledged without signing in: what is put into it, and what is made of what comes back. Pure:
//! nothing of it is kept anywhere, all is computed from one secret of the installation. Each kind is signed under a
//! domain of its own, so that none is ever taken for another.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::ports::notifier::Ack;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// How long the link of a page is good, counted from when the page was asked for.
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of the signature of a link.
const TAG: usize = 16;
/// Bytes of the signature of a reference: short, for buttons are narrow; it is only read from genuine requests.
const SHORT_TAG: usize = 9;
/// Longest token that is looked at, characters.
const LONGEST: usize = 512;

/// The secret that acknowledgements are made with.
#[derive(Clone)]
pub struct AckKeys([u8; 32]);

impl fmt::Debug for AckKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AckKeys(hidden)")
    }
}

/// One page: whom, about what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paged {
    /// Which incident.
    pub incident: IncidentId,
    /// Who was paged.
    pub person: String,
    /// The key of the effect that paged them.
    pub key: EffectKey,
}

/// What a link's token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which page.
    pub page: Paged,
    /// Good before this time.
    pub expires: Timestamp,
}

/// Why a link does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nobody made it, or it was cut or changed on its way.
    #[error("is none that was made here: it may have been cut on its way")]
    Unknown,
    /// It was good once.
    #[error("has ended: links of pages are good for 24 hours")]
    Ended,
}

impl AckKeys {
    /// Keys from a secret that has enough randomness in itself.
    pub fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// What a page offers: a link, a code, a reference. The same for every attempt at the same page: `asked_at` is when
    /// the page was asked for, not when it leaves. What cannot be offered stays empty.
    pub fn ack(&self, page: &Paged, asked_at: Timestamp, public_url: &str) -> Ack {
        let base = public_url.trim_end_matches('/');
        let link = match base.is_empty() {
            true => String::new(),
            false => format!("{base}/ack/{}", self.token(page, asked_at)),
        };
        Ack { link, code: self.code(page), reference: self.reference(page) }
    }

    /// The token of a page's link.
    pub fn token(&self, page: &Paged, asked_at: Timestamp) -> String {
        let expires = asked_at.checked_add(LINK_LIFE).unwrap_or(Timestamp::MAX).as_second();
        let claims = format!("{expires}\n{}\n{}\n{}", page.incident, rest_of(page), page.person);
        let mut bytes = self.mac("link", &[&claims])[..TAG].to_vec();
        bytes.extend_from_slice(claims.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says at a time.
    ///
    /// # Errors
    /// It is none of ours, or over. Which of both is told in the same time.
    pub fn read_token(&self, token: &str, now: Timestamp) -> Result<Link, LinkError> {
        let bytes = match token.len() <= LONGEST {
            true => URL_SAFE_NO_PAD.decode(token).unwrap_or_default(),
            false => Vec::new(),
        };
        let (tag, claims) = bytes.split_at_checked(TAG).unwrap_or((&[0; TAG], &[]));
        let claims = std::str::from_utf8(claims).unwrap_or_default();
        let genuine: bool = self.mac("link", &[claims])[..TAG].ct_eq(tag).into();
        let link = read_claims(claims).filter(|_| genuine).ok_or(LinkError::Unknown)?;
        if link.expires <= now { Err(LinkError::Ended) } else { Ok(link) }
    }

    /// Six digits that are typed. Others may have the same: ask [`Self::with_code`].
    pub fn code(&self, page: &Paged) -> String {
        let mac = self.mac("code", &[page.incident.as_str(), page.key.as_str(), &page.person]);
        let (head, _) = mac.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        format!("{:06}", u64::from_be_bytes(*head) % 1_000_000)
    }

    /// Those of some pages that a code stands for.
    pub fn with_code<'a>(&self, code: &str, pages: impl IntoIterator<Item = &'a Paged>) -> Vec<&'a Paged> {
        pages.into_iter().filter(|p| bool::from(self.code(p).as_bytes().ct_eq(code.as_bytes()))).collect()
    }

    /// What stands for a page in the record of another incident: nobody reads from it which one it is.
    pub fn mark(&self, page: &Paged) -> String {
        hex::encode(&self.mac("mark", &[page.key.as_str(), &page.person])[..TAG])
    }

    /// What buttons and key presses carry; empty where the key is too long for that.
    pub fn reference(&self, page: &Paged) -> String {
        let tag = URL_SAFE_NO_PAD.encode(&self.mac("reference", &[page.key.as_str()])[..SHORT_TAG]);
        let reference = format!("{}.{tag}", page.key);
        let ack = Ack { reference, ..Ack::default() };
        ack.button().map(str::to_owned).unwrap_or_default()
    }

    /// The incident and the page that a reference stands for. It names no person: anybody who sees a button can press it,
    /// and acts as themselves.
    pub fn read_reference(&self, reference: &str) -> Option<(IncidentId, EffectKey)> {
        let (key, tag) = reference.rsplit_once('.').filter(|_| reference.len() <= Ack::REFERENCE)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let genuine: bool = self.mac("reference", &[key])[..SHORT_TAG].ct_eq(&tag).into();
        let incident = incident_of(key).filter(|_| genuine)?;
        Some((incident, EffectKey::new(key)))
    }

    fn mac(&self, domain: &str, parts: &[&str]) -> [u8; 32] {
        // HMAC takes keys of any length; should it ever refuse one, nothing is acknowledged by what comes of it.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in [&["firebell acknowledgement", domain], parts].concat() {
            // Lengths go before texts: nothing is signed as something else.
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

/// The incident that an effect's key begins with.
fn incident_of(key: &str) -> Option<IncidentId> {
    let (rest, _) = key.rsplit_once(':')?;
    let (incident, _) = rest.rsplit_once(':')?;
    (!incident.is_empty()).then(|| IncidentId::new(incident))
}

/// Number of the event that asked for a page: what came after it is news to whoever got it.
pub fn version_of(key: &EffectKey) -> Option<u64> {
    let (rest, _) = key.as_str().rsplit_once(':')?;
    rest.rsplit_once(':')?.1.parse().ok()
}

/// The key without its incident where it begins with it: links are typed and sent by SMS.
fn rest_of(page: &Paged) -> String {
    match page.key.as_str().strip_prefix(page.incident.as_str()) {
        Some(rest) if rest.starts_with(':') => rest.to_owned(),
        _ => page.key.to_string(),
    }
}

fn read_claims(claims: &str) -> Option<Link> {
    let mut parts = claims.splitn(4, '\n');
    let (expires, incident, rest, person) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let key = if rest.starts_with(':') { format!("{incident}{rest}") } else { rest.to_owned() };
    let page =
        Paged { incident: IncidentId::new(incident), person: person.to_owned(), key: EffectKey::new(key) };
    Some(Link { page, expires: Timestamp::from_second(expires.parse().ok()?).ok()? })
}
