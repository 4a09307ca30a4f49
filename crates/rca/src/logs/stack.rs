//! Stack traces: the exception, and the first frame that is the program's own rather than a library's. Traces of one
//! fault are alike in these two, whatever their messages and line numbers. Java, .NET, Node, Python, Go and Rust.

use std::borrow::Cow;

use firebell_core::telemetry::LogLine;

/// Fields in which structured records carry a trace.
pub(crate) const FIELDS: [&str; 7] =
    ["exception.stacktrace", "stack_trace", "stacktrace", "stack", "error.stack", "exception", "exc_info"];

/// Longest name kept, characters.
const MAX_NAME: usize = 120;

/// Where frames of libraries and run-time systems come from.
const FOREIGN: [&str; 42] = [
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.",
    "org.junit.",
    "io.netty.",
    "io.grpc.",
    "io.vertx.",
    "reactor.",
    "akka.",
    "System.",
    "Microsoft.",
    "node:",
    "internal/",
    "node_modules",
    "site-packages",
    "dist-packages",
    "/usr/lib/",
    "/usr/local/lib/",
    "runtime.",
    "runtime/",
    "net/http.",
    "panic(",
    "std::",
    "core::",
    "alloc::",
    "tokio::",
    "rust_begin_unwind",
    "__rust",
    "<frozen ",
    "async_std::",
    "/rustc/",
];

/// What a trace comes down to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// Class of the innermost exception, or `panic`.
    pub exception: String,
    /// Function or place of the first own frame; where all are foreign, of the first.
    pub frame: Option<String>,
}

/// Reads the first stack trace of a text, if it holds one.
pub fn stack(text: &str) -> Option<Stack> {
    let mut exception: Option<String> = None;
    // Frames of the innermost exception, the one that threw first.
    let mut frames: Vec<String> = Vec::new();
    let mut python = false;
    for line in text.lines().take(400) {
        let bare = line.trim();
        if bare.starts_with("Traceback (most recent call last)") {
            (python, exception) = (true, None);
            frames.clear();
        } else if python && let Some(frame) = bare.strip_prefix("File \"") {
            frames.insert(0, python_frame(frame));
        } else if python
            && !line.starts_with(char::is_whitespace)
            && exception.is_none()
            && !frames.is_empty()
        {
            exception = class(bare);
        } else if let Some(frame) = bare.strip_prefix("at ").filter(|_| !python) {
            frames.push(call(frame));
        } else if let Some(cause) = bare.strip_prefix("Caused by: ") {
            exception = class(cause);
            frames.clear();
        } else if exception.is_none() && bare.starts_with("goroutine ") && bare.ends_with("[running]:") {
            // What began its line may have been taken for a level.
            exception = Some("panic".to_owned());
            frames.clear();
        } else if bare.contains(" panicked at ") || bare.starts_with("panic: ") {
            exception = Some("panic".to_owned());
            frames.clear();
            frames.extend(bare.split_once(" panicked at ").map(|(_, at)| rust_place(at)));
        } else if exception.as_deref() == Some("panic") {
            frames.extend(native(line));
        } else if exception.is_none() && frames.is_empty() {
            exception = class(bare);
        }
    }
    let exception = exception?;
    // An exception's name alone is a word of a sentence.
    if frames.is_empty() {
        return None;
    }
    let own =
        frames.iter().find(|f| !FOREIGN.iter().any(|p| f.starts_with(p) || (p.len() > 8 && f.contains(p))));
    let frame = own.or_else(|| frames.first()).map(|f| f.chars().take(MAX_NAME).collect());
    Some(Stack { exception, frame })
}

/// What a record is known by among others: its text, with the stack trace that a field of it carries.
pub fn whole(line: &LogLine) -> Cow<'_, str> {
    let bad = || matches!(line.level.as_deref(), Some("error" | "fatal" | "critical" | "warn"));
    if line.fields.is_empty() || line.text.contains('\n') || !bad() {
        return Cow::Borrowed(&line.text);
    }
    match FIELDS.iter().filter_map(|f| line.fields.get(*f)).find(|trace| stack(trace).is_some()) {
        Some(trace) => Cow::Owned(format!("{}\n{trace}", line.text)),
        None => Cow::Borrowed(&line.text),
    }
}

/// The first word that is a class of exceptions.
fn class(line: &str) -> Option<String> {
    line.split(|c: char| c.is_whitespace() || matches!(c, ':' | '(' | '[' | ',' | '"'))
        .find(|w| {
            let name = w.rsplit(['.', '$']).next().unwrap_or(w);
            name.len() > 4
                && name.starts_with(|c: char| c.is_ascii_uppercase())
                && ["Exception", "Error", "Throwable", "Interrupt", "Exit"]
                    .iter()
                    .any(|end| name.ends_with(end))
        })
        .map(|w| w.chars().take(MAX_NAME).collect())
}

/// `com.acme.Pay.charge(Pay.java:12)`, `Acme.Pay.Charge(Int32 x) in C:\pay.cs:line 5`, `charge (/app/pay.js:1:2)`.
fn call(frame: &str) -> String {
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    let frame = frame.split_once("//").filter(|(module, _)| !module.contains(' ')).map_or(frame, |(_, f)| f);
    match frame.split_once(" (") {
        // Node: the place tells whose it is.
        Some((name, place)) if ["node_modules", "node:", "internal/"].iter().any(|p| place.contains(p)) => {
            format!("{} {name}", if place.contains("node_modules") { "node_modules" } else { "node:" })
        }
        Some((name, _)) => name.to_owned(),
        None => place(frame.split('(').next().unwrap_or(frame)).to_owned(),
    }
}

/// `/app/pay.py", line 3, in charge`.
fn python_frame(frame: &str) -> String {
    let (file, rest) = frame.split_once('"').unwrap_or((frame, ""));
    match rest.rsplit_once(" in ") {
        Some((_, name)) => format!("{file} {name}"),
        None => file.to_owned(),
    }
}

/// `src/main.rs:4:5:`, or `'message', src/main.rs:4:5` of older compilers.
fn rust_place(at: &str) -> String {
    let at = at.rsplit(' ').next().unwrap_or(at);
    place(at.trim_end_matches(':')).to_owned()
}

/// Without line and column.
fn place(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':')
}

/// Go's `main.charge(0xc000)` and Rust's `3: acme::pay::charge`.
fn native(line: &str) -> Option<String> {
    let bare = line.trim();
    if let Some((number, name)) = bare.split_once(": ")
        && number.bytes().all(|b| b.is_ascii_digit())
        && name.contains("::")
    {
        return Some(name.to_owned());
    }
    let go = !line.starts_with(char::is_whitespace) && bare.ends_with(')') && !bare.contains(' ');
    go.then(|| bare.rfind('(').map_or(bare, |i| &bare[..i]).to_owned()).filter(|f| f.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_come_down_to_exception_and_own_frame() {
        for (text, exception, frame) in [
            (
                "ERROR order failed\njava.lang.RuntimeException: x\n\tat org.springframework.A.b(A.java:1)\nCaused by: com.acme.PayException: card 12\n\tat java.util.List.get(List.java:3)\n\tat com.acme.Pay.charge(Pay.java:12)\n\t... 12 more",
                "com.acme.PayException",
                "com.acme.Pay.charge",
            ),
            (
                "Traceback (most recent call last):\n  File \"/app/pay.py\", line 3, in charge\n    x()\n  File \"/usr/lib/python3/site-packages/r.py\", line 9, in get\n    y\nrequests.exceptions.ConnectionError: no",
                "requests.exceptions.ConnectionError",
                "/app/pay.py charge",
            ),
            (
                "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\npanic({0x1, 0x2})\n\t/usr/go/panic.go:1\nmain.charge(0xc000)\n\t/app/main.go:12 +0x1d",
                "panic",
                "main.charge",
            ),
            (
                "index out of range\n\ngoroutine 1 [running]:\nmain.charge(0xc000)\n\t/app/main.go:12 +0x1d",
                "panic",
                "main.charge",
            ),
            (
                "TypeError: x is undefined\n    at get (/app/node_modules/a/b.js:1:2)\n    at charge (/app/pay.js:10:3)\n    at node:internal/x:1:1",
                "TypeError",
                "charge",
            ),
            (
                "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds\nstack backtrace:\n   0: rust_begin_unwind\n   1: acme::pay::charge",
                "panic",
                "src/main.rs",
            ),
            (
                "Unhandled exception. System.InvalidOperationException: no\n   at System.Linq.A.First(X x)\n   at Acme.Pay.Charge(Int32 x) in C:\\pay.cs:line 5",
                "System.InvalidOperationException",
                "Acme.Pay.Charge",
            ),
        ] {
            let found = stack(text).unwrap_or_else(|| panic!("no trace in {text}"));
            assert_eq!(
                (found.exception.as_str(), found.frame.as_deref()),
                (exception, Some(frame)),
                "{text}"
            );
        }
        for none in ["", "java.io.IOException: broken pipe", "looked at the Error page", "at once\nat last"] {
            assert_eq!(stack(none), None, "{none}");
        }
    }
}
