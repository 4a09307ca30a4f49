//! Tokens that no name and no form tells: long words that look random. Hexadecimal digests and ids, names of objects, of
//! classes and of files do not, and what is called an id, a hash or a checksum stays whatever it looks like: people need it.

use super::SECRET;

/// Fewest characters. Ids that are made at random (KSUID, 27; Firebase, 28; nanoid, 21) are shorter, keys of services are not.
pub(super) const SHORTEST: usize = 30;
/// Fewest capitals, fewest small letters and fewest figures.
const OF_EACH: usize = 2;
/// Fewest changes between capitals, small letters and figures by the pairs of neighbours, a capital before a small letter not
/// counted. Random text over 62 characters has .45 (standard deviation .09 at 32 characters), words in CamelCase have one in
/// six.
const CHANGES: f64 = 0.3;
/// Fewest bits a character, by its own frequencies; 32 random characters have 4.5.
const BITS: f64 = 3.5;
/// Words before a token that say that it is to be known.
const KNOWN: [&str; 14] = [
    "trace",
    "span",
    "request",
    "correlation",
    "commit",
    "revision",
    "digest",
    "build",
    "etag",
    "checksum",
    "integrity",
    "hash",
    "uid",
    "fingerprint",
];
/// How far back such a word is looked for, bytes.
const BEFORE: usize = 32;

/// Whether a byte may be in a token.
pub(super) fn is_of_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/')
}

/// The text with each random word masked, or nothing where there is none.
pub(super) fn masked(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut take = |from: usize, to: usize| {
        out.push_str(&text[copied..from]);
        out.push_str(SECRET);
        copied = to;
    };
    for (from, word) in words(text, is_of_word) {
        if is_known(&text[..from], word) {
            continue;
        }
        // A path with tokens in it keeps the rest of it.
        let pieces: Vec<_> = words(word, |b| b != b'/').into_iter().filter(|(_, p)| is_random(p)).collect();
        let found = if pieces.is_empty() && is_random(word) { vec![(0, word)] } else { pieces };
        for (at, piece) in found {
            let end = from + at + piece.len();
            // Padding of base64 belongs to it.
            let padding = text[end..].bytes().take_while(|b| *b == b'=').count().min(2);
            take(from + at, end + padding);
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// Long words with their places. All that they are made of is ASCII, or whole.
fn words(text: &str, of: impl Fn(u8) -> bool) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut from = 0;
    for piece in text.split(|c: char| !u8::try_from(c).is_ok_and(|b| b.is_ascii() && of(b))) {
        if piece.len() >= SHORTEST {
            out.push((from, piece));
        }
        from += piece.len();
        from += text[from..].chars().next().map_or(0, char::len_utf8);
    }
    out
}

/// Whether what stands before it, or its own beginning (`sha512-…`), says that people are to know it.
fn is_known(before: &str, word: &str) -> bool {
    let digest = |w: &str| w.strip_prefix("sha").is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    if digest(word) {
        return true;
    }
    let mut from = before.len().saturating_sub(BEFORE);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let near = before[from..].trim_end_matches([' ', '"', '\'', '\\', ':', '=', '\t']);
    let name = near
        .rsplit(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))
        .next()
        .unwrap_or("");
    let name = name.to_ascii_lowercase();
    digest(&name) || KNOWN.iter().any(|k| name.contains(k))
}

fn is_random(word: &str) -> bool {
    if word.len() < SHORTEST {
        return false;
    }
    let mut of_each = [0usize; 3];
    let (mut pairs, mut changes) = (0usize, 0usize);
    let mut counts = [0usize; 128];
    let mut last = None;
    for b in word.bytes() {
        let class = match b {
            b'A'..=b'Z' => 0,
            b'a'..=b'z' => 1,
            b'0'..=b'9' => 2,
            _ => {
                last = None;
                continue;
            }
        };
        of_each[class] += 1;
        counts[usize::from(b)] += 1;
        if let Some(last) = last {
            pairs += 1;
            changes += usize::from(last != class && (last, class) != (0, 1));
        }
        last = Some(class);
    }
    let n: usize = of_each.iter().sum();
    if n < SHORTEST - 2 || of_each.iter().any(|n| *n < OF_EACH) {
        return false;
    }
    let bits: f64 = counts
        .iter()
        .filter(|c| **c > 0)
        .map(|c| {
            let share = *c as f64 / n as f64;
            -share * share.log2()
        })
        .sum();
    changes as f64 >= CHANGES * pairs as f64 && bits >= BITS
}

#[cfg(test)]
mod tests {
    use super::super::redact;

    #[test]
    fn long_words_that_look_random_go() {
        for (text, want) in [
            ("got kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0 back", "got [secret] back"),
            ("q=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1z8Q", "q=[secret]"),
            (
                "https://x.example/hook/kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0?a=1",
                "https://x.example/hook/[secret]?a=1",
            ),
            ("b64 Zm9vYmFyMTIzNDU2Nzg5MHF3ZXJ0eXVpb3A0NTZYWVo= é", "b64 [secret] é"),
        ] {
            let once = redact(text);
            assert_eq!(once, want, "{text}");
            assert_eq!(redact(&once), once);
        }
    }

    #[test]
    fn what_people_need_stays() {
        for text in [
            "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
            "image web@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b",
            "order 6ba7b810-9dad-11d1-80b4-00c04fd430c8 of 6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
            "trace 4bf92f3577b34da6a3ce929d0e0e4736",
            "trace_id=kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0",
            "integrity sha512-kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0==",
            "key SHA256:kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0kJ8dLq2Wn5x of host",
            "pod checkout-7d9f8b6c5d-x2x4z-checkout-7d9f8b6c5d on ip-10-0-3-17.eu-west-1.compute.internal",
            "org.apache.hadoop.hdfs.server.datanode.DataXceiverServerHttp2FrameDecoderV2Handler",
            "at com.example.OAuth2AuthorizationRequestRedirectWebFilterV3Impl12.run",
            "GET /usr/lib/jvm/Java17/Contents/Home/lib/Server3/Libjvm8.so",
            "1srOrx2ZWZBpBUvZwXKQmoEYga2",
            "AAAAAAAAAAaaaaaaaaaa1111111111AAAAAAAAAA",
            "Zeichen äöüäöüäöüäöüäöüäöüäöüäöüäöüäöü",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
