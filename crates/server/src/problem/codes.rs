//! The stable codes of problems: what each means and what to do next.

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    /// What to do next.
    pub(crate) hint: &'static str,
}

const fn code(status: u16, code: &'static str, title: &'static str, hint: &'static str) -> Code {
    Code { code, status, title, hint }
}

/// All of them, by status.
pub(crate) const CODES: [Code; 17] = [
    code(
        400,
        "bad_request",
        "The request is not understood",
        "Mend what `field` names and send it again; /api/v1/openapi.json has the form of each request.",
    ),
    code(
        401,
        "unauthorized",
        "A valid key or token is needed",
        "Send `Authorization: Bearer TOKEN`; `firebell token` prints the administrator's.",
    ),
    code(
        403,
        "forbidden",
        "Not allowed",
        "Ask an administrator for the role that `detail` names, or somebody who has it to do this.",
    ),
    code(
        404,
        "not_found",
        "Not found",
        "Check the address and the id: lists tell what there is that you may see.",
    ),
    code(
        405,
        "method_not_allowed",
        "Method not allowed",
        "See /api/v1/openapi.json for the methods of this address.",
    ),
    code(408, "too_slow", "The body came too slowly", "Send the whole body at once, or a smaller one."),
    code(409, "conflict", "Not possible now", "Read the incident again: its state says what is possible."),
    code(
        412,
        "version_mismatch",
        "The incident has moved on",
        "Read the incident again, decide anew, and send its new version as If-Match.",
    ),
    code(413, "too_large", "The body is too large", "Split the request, or shorten what it holds."),
    code(
        415,
        "unsupported_encoding",
        "The body's encoding is not supported",
        "Send it plain, or with `Content-Encoding: gzip`.",
    ),
    code(
        422,
        "idempotency_mismatch",
        "The key was used for another request",
        "Send the first request unchanged to get its answer, or take a new key for this one.",
    ),
    code(422, "invalid", "A field is wrong", "Mend the field that `field` names and send the request again."),
    code(
        429,
        "rate_limited",
        "Too many requests",
        "Wait as long as Retry-After says; GET /api/v1/events tells of changes without asking again and again.",
    ),
    code(
        429,
        "too_many_keys",
        "Too many idempotency keys",
        "Wait as long as Retry-After says, or write without a key.",
    ),
    code(
        500,
        "corrupt",
        "The record cannot be read",
        "Look into the server's log; `firebell doctor` examines the installation.",
    ),
    INTERNAL,
    code(
        503,
        "unavailable",
        "Not available right now",
        "Nothing was stored: send the same request again in a moment.",
    ),
];

const INTERNAL: Code =
    code(500, "internal", "The server failed", "Look into the server's log, which has the reason.");

/// What is said about a code.
pub(crate) fn about(code: &str) -> Code {
    CODES.into_iter().find(|c| c.code == code).unwrap_or(INTERNAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_meaning_a_hint_and_a_line_in_the_reference() {
        let reference = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/api.md"));
        for (at, code) in CODES.iter().enumerate() {
            assert!(CODES[..at].iter().all(|c| c.code != code.code), "{}", code.code);
            assert!(CODES[..at].iter().all(|c| c.status <= code.status), "{}", code.code);
            assert!(code.hint.ends_with('.') && code.title.len() > 5, "{}", code.code);
            let line = format!("| {} | `{}` |", code.status, code.code);
            assert!(reference.contains(&line), "docs/reference/api.md has no line {line}");
        }
    }
}
