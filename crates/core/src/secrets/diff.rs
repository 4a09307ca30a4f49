//! Masks a unified diff line by line, so that it is read as before: lines stay lines, with what they begin with. In files of
//! source code only literals are secret; in all others what follows a secret's name is.

use std::borrow::Cow;

use super::mask::{Look, Mask};

/// Ends of files in which a value without quotes is an expression.
const CODE: [&str; 30] = [
    "rs", "go", "py", "js", "jsx", "mjs", "ts", "tsx", "java", "kt", "kts", "scala", "groovy", "rb", "php",
    "c", "h", "cc", "cpp", "hpp", "cs", "swift", "ex", "exs", "erl", "clj", "lua", "dart", "sql", "vue",
];
const KEY: &str = "[private key]";

/// The diff without secrets, or nothing where it holds none.
pub(super) fn masked(mask: &Mask, diff: &str) -> Option<String> {
    let mut out = String::with_capacity(diff.len());
    let mut look = Look::Text;
    let mut in_key = false;
    for whole in diff.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let end = &whole[line.len()..];
        let at = usize::from(line.starts_with(['+', '-', ' ']));
        let (sign, rest) = line.split_at(at);
        if let Some(path) = line.strip_prefix("+++ ").or_else(|| line.strip_prefix("--- "))
            && !path.starts_with("/dev/null")
        {
            look = if is_code(path) { Look::Code } else { Look::Text };
        }
        in_key &= !line.starts_with("@@") && !line.starts_with("diff ");
        let begins = rest.contains("-----BEGIN") && rest.contains("PRIVATE KEY");
        out.push_str(sign);
        if in_key || begins {
            let ends = rest.contains("-----END");
            // What stands before it in its line may be the setting that it is the value of.
            let before = if in_key { "" } else { rest.split("-----BEGIN").next().unwrap_or("") };
            out.push_str(&mask.seen_as(before, look));
            out.push_str(KEY);
            in_key = !ends;
        } else {
            out.push_str(&mask.seen_as(rest, look));
        }
        out.push_str(end);
    }
    (out != diff).then_some(out)
}

fn is_code(path: &str) -> bool {
    let name: Cow<'_, str> = path.split('\t').next().unwrap_or(path).trim_end().to_ascii_lowercase().into();
    name.rsplit_once('.').is_some_and(|(_, end)| CODE.contains(&end))
}
