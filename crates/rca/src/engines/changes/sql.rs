//! What a change does to a schema, and what it expects of one.

use super::diff::{FileDiff, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect::{
    Cpu, Database, Disk, Errors, Lock, Missing, Null, Parse, Schema, Slow, Timeout, Wrong,
};
use super::lines::{self, Token};

pub(super) fn read(file: &FileDiff<'_>, out: &mut Vec<Edit>) {
    let ending = file.path.rsplit_once('.').map_or("", |(_, e)| e);
    let migration = ending == "sql" || file.path.to_lowercase().contains("migrat");
    let added: Vec<&str> = file.side(Side::Added).collect();
    let removed: Vec<&str> = file.side(Side::Removed).collect();
    for (i, line) in added.iter().enumerate() {
        // Statements run over several lines.
        let text = added[i..(i + 4).min(added.len())].join(" ");
        let upper = line.to_uppercase();
        if statement(&upper, &text, migration, out) {
            continue;
        }
        helper(line, out);
    }
    for line in &removed {
        let upper = line.to_uppercase();
        if upper.contains("CREATE INDEX") || upper.contains("CREATE UNIQUE INDEX") || index_hint(line) {
            let still = added.iter().any(|a| a.trim() == line.trim());
            if !still {
                out.push(dropped_index(line));
            }
        }
    }
    uses(&added, &removed, out);
}

fn dropped_index(line: &str) -> Edit {
    Edit::new(
        Sort::Schema,
        format!("removes an index: `{}`", short(lines::bare(line))),
        &[(Database, 0.95), (Slow, 0.7), (Cpu, 0.7), (Timeout, 0.6), (Lock, 0.3)],
    )
    .naming(identifiers(line))
}

/// `@Index`, `index=True`, `.index([…])`: ways to declare one outside SQL.
fn index_hint(line: &str) -> bool {
    let lower = lines::bare(line).to_lowercase();
    ["@index", "index=true", "index: true", "add_index", "createindex(", "create_index(", ".index(["]
        .iter()
        .any(|w| lower.contains(w))
}

/// One statement of DDL; whether the line was one.
fn statement(upper: &str, text: &str, migration: bool, out: &mut Vec<Edit>) -> bool {
    let whole = text.to_uppercase();
    let mut push = |what: &str, effects: &[(super::effect::Effect, f64)]| {
        out.push(
            Edit::new(Sort::Schema, format!("{what}: `{}`", short(text)), effects).naming(identifiers(text)),
        );
    };
    if upper.contains("DROP INDEX") {
        push("drops an index", &[(Database, 0.95), (Slow, 0.7), (Cpu, 0.7), (Timeout, 0.6)]);
    } else if upper.contains("CREATE INDEX") || upper.contains("CREATE UNIQUE INDEX") {
        if whole.contains("CONCURRENTLY") {
            push("builds an index without locking", &[(Database, 0.15), (Disk, 0.2)]);
        } else {
            push(
                "builds an index, which locks out writers",
                &[(Lock, 0.85), (Timeout, 0.6), (Database, 0.5), (Slow, 0.4)],
            );
        }
    } else if upper.contains("ALTER TABLE") {
        if whole.contains("DROP COLUMN") || whole.contains("RENAME") {
            push(
                "removes or renames a column",
                &[(Schema, 0.95), (Missing, 0.5), (Parse, 0.4), (Errors, 0.3)],
            );
        } else {
            push(
                "alters a table",
                &[(Lock, 0.85), (Schema, 0.6), (Timeout, 0.6), (Database, 0.5), (Slow, 0.4)],
            );
        }
    } else if upper.contains("DROP TABLE") || upper.contains("RENAME TABLE") {
        push("removes or renames a table", &[(Schema, 0.95), (Missing, 0.6), (Errors, 0.3)]);
    } else if migration
        && (upper.trim_start().starts_with("UPDATE ") || upper.trim_start().starts_with("DELETE "))
    {
        push(
            "rewrites many rows at once",
            &[(Lock, 0.8), (Database, 0.8), (Timeout, 0.5), (Disk, 0.4), (Slow, 0.5)],
        );
    } else {
        return false;
    }
    true
}

/// Migrations written with helpers of a framework.
fn helper(line: &str, out: &mut Vec<Edit>) {
    let lower = lines::bare(line).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let edit = if has(&["remove_index", "drop_index", "dropindex("]) {
        dropped_index(line)
    } else if has(&[
        "remove_column",
        "drop_column",
        "dropcolumn(",
        "rename_column",
        "renamecolumn(",
        "removefield(",
        "renamefield(",
    ]) {
        Edit::new(
            Sort::Schema,
            format!("removes or renames a column: `{}`", short(&lower)),
            &[(Schema, 0.95), (Missing, 0.5), (Null, 0.3), (Errors, 0.3)],
        )
        .naming(identifiers(line))
    } else {
        return;
    };
    out.push(edit);
}

/// Tables that new statements in code use: they have to exist.
fn uses(added: &[&str], removed: &[&str], out: &mut Vec<Edit>) {
    let tables = |lines: &[&str]| {
        let mut found = std::collections::BTreeSet::new();
        for line in lines {
            let words: Vec<&str> = line
                .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
                .filter(|w| !w.is_empty())
                .collect();
            let sql = words.iter().any(|w| ["SELECT", "INSERT", "UPDATE", "DELETE", "JOIN"].contains(w));
            for pair in words.windows(2) {
                let opens = matches!(pair[0], "FROM" | "JOIN" | "INTO" | "UPDATE");
                if sql && opens && pair[1].len() >= 3 && pair[1].chars().any(char::is_lowercase) {
                    found.insert(pair[1].to_owned());
                }
            }
        }
        found
    };
    let before = tables(removed);
    for table in tables(added).difference(&before) {
        let line = added.iter().find(|l| l.contains(table.as_str())).copied().unwrap_or("");
        let mut edit = Edit::new(
            Sort::Schema,
            format!("begins to query `{}`", short(table)),
            &[(Schema, 0.95), (Missing, 0.5), (Database, 0.4), (Slow, 0.3), (Wrong, 0.2)],
        )
        .naming([table.clone()])
        .naming(identifiers(line).into_iter().filter(|n| n.contains('_')));
        edit.named = true;
        out.push(edit);
    }
}

/// Names in a statement that are no words of SQL.
fn identifiers(text: &str) -> Vec<String> {
    lines::tokens(text)
        .into_iter()
        .filter_map(|t| match t {
            Token::Word(w) => Some(w),
            Token::Text(s) if !s.contains(' ') => Some(s),
            _ => None,
        })
        .filter(|w| w.len() >= 4 && (w.contains('_') || w.chars().any(char::is_lowercase)))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{diff, edit};
    use super::*;

    #[test]
    fn statements_are_known_by_the_harm_that_they_do() {
        for (text, what, effect) in [
            ("@@ db/1.sql @@\n+DROP INDEX idx_orders_customer;\n", "drops an index", Database),
            ("@@ db/2.sql @@\n+CREATE INDEX idx_a ON orders (a);\n", "locks out writers", Lock),
            (
                "@@ db/3.sql @@\n+ALTER TABLE orders ADD COLUMN total numeric NOT NULL DEFAULT 0;\n",
                "alters a table",
                Lock,
            ),
            (
                "@@ db/4.sql @@\n+ALTER TABLE users\n+  RENAME COLUMN mail TO email;\n",
                "renames a column",
                Schema,
            ),
            (
                "@@ db/migrate/5.rb @@\n+    remove_index :orders, :customer_id\n",
                "removes an index",
                Database,
            ),
            (
                "@@ models.py @@\n-    customer_id = Column(Integer, index=True)\n+    customer_id = Column(Integer)\n",
                "removes an index",
                Database,
            ),
            (
                "@@ dao.py @@\n+   text(\"SELECT a FROM favorite_items WHERE u = :u\")\n",
                "begins to query `favorite_items`",
                Schema,
            ),
        ] {
            let edits = edit::read(&diff::parse(text));
            let found = edits.iter().find(|e| e.what.contains(what));
            assert!(
                found.is_some_and(|e| e.effects.iter().any(|x| x.0 == effect && x.1 > 0.5)),
                "{text} {edits:?}"
            );
        }
        let quiet = edit::read(&diff::parse(
            "@@ db/6.sql @@\n+CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);\n",
        ));
        assert!(quiet.iter().all(|e| e.effects.iter().all(|x| x.1 < 0.3)), "{quiet:?}");
    }
}
