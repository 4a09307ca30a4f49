//! JSON that ends in the middle: a download that broke off, a disk that was full. What is whole of it is read.

use serde_json::Value;

/// Deepest nesting that is put together again; the parser takes no more either.
const MAX_DEPTH: usize = 120;

/// The document up to its last whole entry of a list, closed.
pub(super) fn truncated(raw: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(raw);
    let mut open: Vec<u8> = Vec::new();
    let mut last: Option<(usize, Vec<u8>)> = None;
    let (mut quoted, mut escaped) = (false, false);
    for (i, b) in text.bytes().enumerate() {
        if quoted {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match b {
            b'"' => quoted = true,
            b'{' | b'[' => {
                open.push(if b == b'{' { b'}' } else { b']' });
                if open.len() > MAX_DEPTH {
                    return None;
                }
            }
            b'}' | b']' if open.pop() != Some(b) => {
                return None;
            }
            b',' if open.last() == Some(&b']') => match &mut last {
                // Nearly all commas are of the same depth as the one before: no need to copy.
                Some((at, closing)) if *closing == open => *at = i,
                _ => last = Some((i, open.clone())),
            },
            _ => {}
        }
    }
    let (at, closing) = last?;
    let mut whole = text.as_bytes()[..at].to_vec();
    whole.extend(closing.iter().rev());
    serde_json::from_slice(&whole).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_entries_are_kept_and_the_broken_one_is_not() {
        let whole = br#"{"data":[{"a":[1,2]},{"a":[3,"x,]\""]},{"b":5}]}"#;
        assert_eq!(
            truncated(&whole[..whole.len() - 4]),
            Some(json!({"data": [{"a": [1, 2]}, {"a": [3, "x,]\""]}]}))
        );
        assert_eq!(truncated(b"[1,2,"), Some(json!([1, 2])));
        assert_eq!(truncated(b"{\"a\":1"), None);
        assert_eq!(truncated(b"[1]]"), None);
        assert_eq!(truncated("[".repeat(9000).as_bytes()), None);
    }
}
