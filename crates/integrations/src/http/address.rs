//! Addresses that somebody typed in and that Firebell is to post to. Whoever may name one could otherwise make the
//! server speak to machines that only it can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Longest address, characters.
const LONGEST: usize = 2000;

/// Whether an address may be posted to; the reason why not. `allow_private` opens this machine and private networks;
/// link-local addresses, where clouds keep their credentials, stay closed in any case.
pub fn refusal(ip: IpAddr, allow_private: bool) -> Option<&'static str> {
    match ip {
        IpAddr::V4(v4) => refusal_v4(v4, allow_private),
        IpAddr::V6(v6) => match inner_v4(v6) {
            Some(v4) => refusal_v4(v4, allow_private),
            None => refusal_v6(v6, allow_private),
        },
    }
}

fn refusal_v4(ip: Ipv4Addr, allow_private: bool) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    if ip.is_link_local() {
        Some("is link-local")
    } else if a == 0 || a >= 224 || (a, b, c) == (192, 0, 0) {
        Some("is no address of a single machine")
    } else if allow_private {
        None
    } else if ip.is_loopback() {
        Some("is this machine")
    } else if ip.is_private() || (a == 100 && b & 0xc0 == 64) {
        Some("is in a private network")
    } else if ip.is_documentation() || (a == 198 && b & 0xfe == 18) {
        Some("is reserved")
    } else {
        None
    }
}

fn refusal_v6(ip: Ipv6Addr, allow_private: bool) -> Option<&'static str> {
    let first = ip.segments()[0];
    // fd00:ec2::254 is what 169.254.169.254 is elsewhere.
    if ip.is_unicast_link_local() || ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) {
        Some("is link-local")
    } else if ip.is_unspecified() || ip.is_multicast() {
        Some("is no address of a single machine")
    } else if allow_private {
        None
    } else if ip.is_loopback() {
        Some("is this machine")
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 {
        Some("is in a private network")
    } else if first == 0x2001 && ip.segments()[1] == 0xdb8 {
        Some("is reserved")
    } else {
        None
    }
}

/// The IPv4 address within an IPv6 one: mapped, translated (64:ff9b::/96) or tunnelled (2002::/16).
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        // Long obsolete, but some systems still follow it; `::` and `::1` are not of this form.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Reads an address to post to.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the field.
pub fn checked(text: &str, allow_private: bool) -> Result<Url, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    let url = Url::parse(text).map_err(|e| format!("is no address like https://host/path: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password: check the signature instead".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must not hold a fragment: nobody would receive it".to_owned());
    }
    let Some(host) = url.host_str() else { return Err("names no host".to_owned()) };
    let refused = match literal(host) {
        Some(ip) => refusal(ip, allow_private),
        None if !allow_private && is_local_name(host) => Some("is this machine"),
        None => None,
    };
    match refused {
        Some(why) => Err(format!("{host} {why}: {HINT}")),
        None => Ok(url),
    }
}

/// What to do about a refusal.
pub(super) const HINT: &str =
    "use a public address, or set `allow_private = true` under [webhooks] for a private one";

/// A host that is an address as it stands; no resolver is asked for it.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_is_refused_always_and_private_unless_allowed() {
        let always = [
            "169.254.169.254",
            "fe80::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::a9fe:a9fe",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
        ];
        let private = [
            "127.0.0.1",
            "127.255.0.9",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "fd12:3456::1",
            "198.18.0.1",
            "64:ff9b::7f00:1",
        ];
        let public = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "172.32.0.1", "100.128.0.1"];
        let ip = |t: &str| t.parse::<IpAddr>().expect("an address");
        for text in always {
            assert!(refusal(ip(text), true).is_some() && refusal(ip(text), false).is_some(), "{text}");
        }
        for text in private {
            assert!(refusal(ip(text), true).is_none() && refusal(ip(text), false).is_some(), "{text}");
        }
        for text in public {
            assert!(refusal(ip(text), false).is_none(), "{text}");
        }
    }

    #[test]
    fn addresses_are_refused_with_a_reason() {
        for (text, why) in [
            ("ftp://example.com/", "must begin with"),
            ("example.com/hook", "is no address"),
            ("https://u:p@example.com/", "user or password"),
            ("https://example.com/#x", "fragment"),
            ("http://169.254.169.254/latest/meta-data", "is link-local"),
            // Written in other ways.
            ("http://2852039166/", "is link-local"),
            ("http://0xa9fea9fe/", "is link-local"),
            ("http://[::ffff:a9fe:a9fe]/", "is link-local"),
            ("http://127.1/", "is this machine"),
            ("http://LOCALHOST./", "is this machine"),
            ("http://a.localhost/", "is this machine"),
            ("http://[::1]:8080/", "is this machine"),
            ("http://10.1.2.3/", "private network"),
        ] {
            let error = checked(text, false).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("u:p"), "{error}");
        }
        assert!(checked("https://example.com/hook?key=1", false).is_ok());
        assert!(checked("http://127.0.0.1:9000/hook", true).is_ok());
        assert!(checked("http://169.254.1.1/", true).is_err());
    }
}
