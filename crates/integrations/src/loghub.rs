//! Labelled logs in the layout of loghub (Zhu et al., "Loghub", ISSRE 2023): `NAME_2k.log_structured_corrected.csv`,
//! a table with the message of each line (`Content`) and its true template (`EventTemplate`). Not here: what is made of
//! them; the mining and the score come in from outside.

use std::path::{Path, PathBuf};

use crate::bundle::{Broken, Error};

/// Ends of the tables' names, the better annotation first.
const ENDS: [&str; 2] = ["_structured_corrected.csv", "_structured.csv"];

/// One log with the truth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelledLog {
    /// The system's name.
    pub name: String,
    /// Messages, without time and level.
    pub contents: Vec<String>,
    /// The true template of each.
    pub templates: Vec<String>,
}

/// Whether a folder holds such tables.
pub fn is_there(dir: &Path) -> bool {
    tables(dir).is_ok_and(|t| !t.is_empty())
}

/// Reads all tables of a folder in the order of their names; of two for one log the corrected one. What cannot be read
/// is told beside them, with file and line.
///
/// # Errors
/// If the folder cannot be listed.
pub fn read(dir: &Path) -> Result<(Vec<LabelledLog>, Vec<Broken>), Error> {
    let mut logs = Vec::new();
    let mut broken = Vec::new();
    for (name, path) in tables(dir)? {
        match table(&name, &path, &mut broken) {
            Ok(log) => logs.push(log),
            Err(reason) => broken.push(Broken { file: path.display().to_string(), line: 0, reason }),
        }
    }
    Ok((logs, broken))
}

fn tables(dir: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let io = |source| Error::Io { path: dir.to_owned(), what: "list the folder", source };
    let mut found: Vec<(String, usize, PathBuf)> = Vec::new();
    for item in std::fs::read_dir(dir).map_err(io)? {
        let path = item.map_err(io)?.path();
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for (rank, end) in ENDS.iter().enumerate() {
            if let Some(stem) = file.strip_suffix(end) {
                let name = stem.trim_end_matches(".log").trim_end_matches("_2k").trim_end_matches("_full");
                found.push((name.to_owned(), rank, path.clone()));
                break;
            }
        }
    }
    found.sort();
    found.dedup_by(|later, first| later.0 == first.0);
    Ok(found.into_iter().map(|(name, _, path)| (name, path)).collect())
}

fn table(name: &str, path: &Path, broken: &mut Vec<Broken>) -> Result<LabelledLog, String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    parse(name, &path.display().to_string(), file, broken)
}

/// Reads one table. Lines that cannot be used are told with their number, and left out.
///
/// # Errors
/// If it has no header with the two columns.
pub fn parse(
    name: &str,
    file: &str,
    table: impl std::io::Read,
    broken: &mut Vec<Broken>,
) -> Result<LabelledLog, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(table);
    let header = reader.byte_headers().map_err(|e| format!("has no header line: {e}"))?.clone();
    let column = |want: &str| {
        header
            .iter()
            .position(|h| h.strip_prefix(b"\xef\xbb\xbf").unwrap_or(h) == want.as_bytes())
            .ok_or_else(|| format!("has no column {want}"))
    };
    let (content, template) = (column("Content")?, column("EventTemplate")?);
    let mut log = LabelledLog { name: name.to_owned(), ..LabelledLog::default() };
    for record in reader.byte_records() {
        let mut bad = |line: u64, reason: String| broken.push(Broken { file: file.to_owned(), line, reason });
        match record {
            Ok(r) => match (r.get(content), r.get(template)) {
                (Some(c), Some(t)) => {
                    log.contents.push(String::from_utf8_lossy(c).into_owned());
                    log.templates.push(String::from_utf8_lossy(t).into_owned());
                }
                _ => bad(r.position().map_or(0, csv::Position::line), "has too few columns".to_owned()),
            },
            Err(e) => bad(e.position().map_or(0, csv::Position::line), e.to_string()),
        }
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_and_what_is_broken_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
        assert!(!is_there(dir.path()));
        write("A_2k.log_structured.csv", "LineId,Content,EventTemplate\n1,old,old\n");
        write(
            "A_2k.log_structured_corrected.csv",
            "LineId,Content,EventTemplate\n1,\"a, 1\",\"a, <*>\"\n2\n3,b,b\n",
        );
        write("B_2k.log_structured_corrected.csv", "LineId,Text\n1,x\n");
        write("A_2k.log", "a, 1\n");
        assert!(is_there(dir.path()));
        let (logs, broken) = read(dir.path()).expect("read");
        assert_eq!(logs.len(), 1);
        assert_eq!((logs[0].name.as_str(), logs[0].contents.join("|").as_str()), ("A", "a, 1|b"));
        assert_eq!(logs[0].templates, ["a, <*>", "b"]);
        assert_eq!(broken.iter().map(|b| b.line).collect::<Vec<_>>(), [3, 0]);
        assert!(broken[1].reason.contains("no column Content"), "{broken:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_a_table_fall(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)) {
            let bytes = parts.concat();
            let mut broken = Vec::new();
            for table in [bytes.clone(), [b"Content,EventTemplate\n", bytes.as_slice()].concat()] {
                if let Ok(log) = parse("fuzz", "fuzz.csv", table.as_slice(), &mut broken) {
                    assert_eq!(log.contents.len(), log.templates.len());
                }
            }
            assert!(broken.iter().all(|b| b.file == "fuzz.csv" && !b.reason.is_empty()));
        }
    }

    const PARTS: &[&[u8]] = &[
        b"Content",
        b"EventTemplate",
        b"LineId",
        b",",
        b",,",
        b"\n",
        b"\r\n",
        b"\"",
        b"\"\"",
        b"\xef\xbb\xbf",
        b"\xff\x00",
        b"a <*>",
        b" ",
    ];

    /// One configuration for all systems; the figures are the promise.
    #[test]
    fn templates_are_grouped_as_people_did() {
        let Some(dir) = crate::testing::shared("data/loghub-2k") else { return };
        let (logs, broken) = read(&dir).expect("read");
        assert_eq!(broken, []);
        let (mut grouping, mut parsing) = (0.0, 0.0);
        for log in &logs {
            let contents: Vec<&str> = log.contents.iter().map(String::as_str).collect();
            let truth: Vec<&str> = log.templates.iter().map(String::as_str).collect();
            let found = firebell_rca::logs::mine(&contents);
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            let score = firebell_rca::logs::accuracy(&truth, &found);
            eprintln!("{} {score:?}", log.name);
            grouping += score.grouping;
            parsing += score.parsing;
        }
        let n = logs.len() as f64;
        assert!(grouping / n >= 0.985 && parsing / n > 0.6, "{} {}", grouping / n, parsing / n);
    }
}
