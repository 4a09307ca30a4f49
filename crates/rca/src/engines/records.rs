//! What records of requests, sign-ins and deeds say, whoever wrote them: client, account, bytes, destination, deed, device.
//!
//! Fields are known by their names without their case and marks (`client_ip`, `clientIp` and `client.ip` are one), by
//! the last part or the last two parts of a path (`protoPayload.requestMetadata.callerIp`). What has no fields is read
//! as `key=value`, as an access log's line or as a JSON object. Names are those of ECS, OpenTelemetry, the audit logs
//! of clouds, web servers and what programs commonly write.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use firebell_core::telemetry::LogLine;
use regex::Regex;

use crate::case::Case;

/// What is looked for in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Where it came from.
    Client,
    /// Who did it.
    Account,
    /// Bytes that were handed out.
    Bytes,
    /// Rows or files that were handed out.
    Rows,
    /// Whither.
    Destination,
    /// What was done.
    Deed,
    /// With what device or program.
    Device,
    /// From which country or network, by its name.
    Place,
    /// How it ended.
    Result,
}

const NAMES: [(Slot, &[&str]); 9] = [
    (
        Slot::Client,
        &[
            "client",
            "clientip",
            "clientaddress",
            "clientaddr",
            "remoteip",
            "remoteaddr",
            "remoteaddress",
            "sourceip",
            "sourceaddress",
            "sourceipaddress",
            "srcip",
            "src",
            "callerip",
            "calleripaddress",
            "peerip",
            "ip",
            "ipaddress",
            "ipaddr",
            "addr",
            "address",
            "rhost",
        ],
    ),
    (
        Slot::Account,
        &[
            "account",
            "accountid",
            "accountname",
            "user",
            "username",
            "userid",
            "useremail",
            "email",
            "login",
            "actor",
            "actorid",
            "actoremail",
            "principal",
            "principalemail",
            "principalid",
            "enduserid",
            "subject",
            "sub",
            "caller",
            "customerid",
            "member",
            "arn",
        ],
    ),
    (
        Slot::Bytes,
        &[
            "bytes",
            "bytessent",
            "bodybytessent",
            "bytesout",
            "outbytes",
            "sentbytes",
            "txbytes",
            "egressbytes",
            "responsebytes",
            "responsesize",
            "respbytes",
            "respsize",
            "bodysize",
            "bodybytes",
            "bytestransferredout",
            "sourcebytes",
            "transferredbytes",
            "size",
            "sizebytes",
        ],
    ),
    (
        Slot::Rows,
        &[
            "rows",
            "rowcount",
            "rowsreturned",
            "rowssent",
            "records",
            "recordcount",
            "objects",
            "files",
            "items",
        ],
    ),
    (
        Slot::Destination,
        &[
            "destination",
            "destinationip",
            "destinationaddress",
            "destinationdomain",
            "destinationhost",
            "dest",
            "destip",
            "desthost",
            "dst",
            "dstip",
            "dsthost",
            "dstaddr",
            "targethost",
            "serveraddress",
            "netpeername",
            "egresshost",
        ],
    ),
    (
        Slot::Deed,
        &[
            "action",
            "event",
            "eventname",
            "eventtype",
            "eventaction",
            "operation",
            "operationname",
            "op",
            "activity",
            "methodname",
            "verb",
            "deed",
            "path",
            "urlpath",
            "httptarget",
        ],
    ),
    (
        Slot::Device,
        &[
            "useragent",
            "useragentoriginal",
            "agent",
            "callersupplieduseragent",
            "device",
            "deviceid",
            "devicename",
            "fingerprint",
        ],
    ),
    (
        Slot::Place,
        &[
            "country",
            "countrycode",
            "countryname",
            "geocountry",
            "countryisocode",
            "geo",
            "location",
            "region",
            "asn",
            "isp",
        ],
    ),
    (Slot::Result, &["result", "outcome", "eventoutcome", "status", "statuscode", "success"]),
];

/// A record.
pub(super) struct Record<'a> {
    pairs: Vec<(Slot, Cow<'a, str>)>,
    /// The words of the message.
    pub(super) text: &'a str,
}

/// Reads records and remembers what the names of their fields mean: there are few, and many records.
#[derive(Default)]
pub(super) struct Reader {
    known: BTreeMap<String, Option<Slot>>,
}

impl Reader {
    fn slot(&mut self, key: &str) -> Option<Slot> {
        if let Some(slot) = self.known.get(key) {
            return *slot;
        }
        let slot = slot(key);
        // Names that hold numbers would never end.
        if self.known.len() < MOST_NAMES {
            self.known.insert(key.to_owned(), slot);
        }
        slot
    }

    pub(super) fn read<'a>(&mut self, line: &'a LogLine) -> Record<'a> {
        let mut out = Record { pairs: Vec::new(), text: &line.text };
        for (key, value) in &line.fields {
            out.put(self, key, Cow::Borrowed(value));
        }
        if line.text.len() < LONGEST {
            out.of_text(self, &line.text);
        }
        out
    }
}

impl<'a> Record<'a> {
    /// The first value; an empty one or a dash is none.
    pub(super) fn get(&self, slot: Slot) -> Option<&str> {
        self.pairs.iter().find(|(s, _)| *s == slot).map(|(_, v)| v.as_ref())
    }

    pub(super) fn number(&self, slot: Slot) -> Option<f64> {
        self.pairs
            .iter()
            .filter(|(s, _)| *s == slot)
            .find_map(|(_, v)| v.parse::<f64>().ok())
            .filter(|v| *v >= 0.0)
    }

    /// All that says what was done: fields and message.
    pub(super) fn deed(&self) -> String {
        let mut out = String::new();
        for part in
            self.pairs.iter().filter(|(s, _)| *s == Slot::Deed).map(|(_, v)| v.as_ref()).chain([self.text])
        {
            out.push_str(part);
            out.push(' ');
        }
        out
    }

    /// Whether it failed; nothing said is no failure.
    pub(super) fn failed(&self) -> bool {
        self.get(Slot::Result).is_some_and(|r| {
            let r = r.to_ascii_lowercase();
            ["fail", "invalid", "denied", "reject", "unauthor", "error", "false", "4", "5"]
                .iter()
                .any(|p| r.starts_with(p))
        })
    }

    fn put(&mut self, reader: &mut Reader, key: &str, value: Cow<'a, str>) {
        if !value.is_empty() && value != "-" {
            self.pairs.extend(reader.slot(key).map(|slot| (slot, value)));
        }
    }

    fn of_text(&mut self, reader: &mut Reader, text: &'a str) {
        if let Some(c) = ACCESS.as_ref().filter(|_| text.contains("] \"")).and_then(|r| r.captures(text)) {
            for (i, key) in
                [(1, "client"), (2, "user"), (3, "path"), (4, "status"), (5, "bytes"), (6, "agent")]
            {
                if let Some(m) = c.get(i) {
                    self.put(reader, key, Cow::Borrowed(m.as_str()));
                }
            }
            return;
        }
        let trimmed = text.trim_start();
        if trimmed.starts_with('{')
            && let Ok(value) = serde_json::from_str::<serde_json::Value>(trimmed)
        {
            self.of_json(reader, "", &value, 0);
            return;
        }
        if let Some(pair) = PAIR.as_ref().filter(|_| text.contains('=')) {
            for c in pair.captures_iter(text) {
                if let (Some(key), Some(value)) = (c.get(1), c.get(2).or_else(|| c.get(3))) {
                    self.put(reader, key.as_str(), Cow::Borrowed(value.as_str()));
                }
            }
        }
    }

    fn of_json(&mut self, reader: &mut Reader, path: &str, value: &serde_json::Value, depth: usize) {
        match value {
            serde_json::Value::Object(fields) if depth < 5 => {
                for (key, value) in fields {
                    self.of_json(reader, &format!("{path}.{key}"), value, depth + 1);
                }
            }
            serde_json::Value::String(text) => self.put(reader, path, Cow::Owned(text.clone())),
            serde_json::Value::Number(n) => self.put(reader, path, Cow::Owned(n.to_string())),
            serde_json::Value::Bool(b) => self.put(reader, path, Cow::Owned(b.to_string())),
            _ => {}
        }
    }
}

/// `client ident user [time] "METHOD path …" status bytes "referrer" "agent"`, also behind something.
static ACCESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(\S+) \S+ (\S+) \[[^\]]{10,40}\] "[A-Z]+ (\S+)[^"]*" (\d{3}) (\d+|-)(?: "[^"]*" "([^"]*)")?"#,
    )
    .ok()
});
static PAIR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z][\w.\-]*)=(?:"([^"]*)"|([^\s",;]+))"#).ok());

/// What a field's name means.
fn slot(key: &str) -> Option<Slot> {
    let plain = |part: &str| -> String {
        part.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let mut parts = key.rsplit('.').filter(|p| !p.is_empty());
    let last = plain(parts.next().unwrap_or(""));
    let two = parts.next().map(|before| format!("{}{last}", plain(before)));
    // What two parts say together goes before what the last says alone: `destination.ip` is no client.
    let of = |name: &str| NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(slot, _)| *slot);
    two.as_deref().and_then(of).or_else(|| of(&last))
}

/// Whether a field's name means something here.
pub(super) fn means(key: &str, wanted: Slot) -> bool {
    slot(key) == Some(wanted)
}

/// Names of fields that are remembered, at most.
const MOST_NAMES: usize = 10_000;
/// Longer texts are no records, bytes.
const LONGEST: usize = 4_000;
/// Lines of a pattern that are looked at before the others are left unread.
const SAMPLE: usize = 32;

/// Numbers of the lines whose records may hold one of the first and one of the second slots, in order. Lines of one
/// pattern are written alike, but for their fields: where none of a sample holds such, none does.
pub(super) fn worth_reading(case: &Case<'_>, first: &[Slot], second: &[Slot]) -> Vec<u32> {
    let mut reader = Reader::default();
    let mut holds = |i: &u32| {
        case.t.logs.get(*i as usize).is_some_and(|l| {
            let record = reader.read(l);
            let any = |slots: &[Slot]| slots.iter().any(|s| record.get(*s).is_some());
            any(first) && any(second)
        })
    };
    let Some(alike) = case.logs().alike() else {
        return (0..case.t.logs.len() as u32).filter(holds).collect();
    };
    let mut out = Vec::new();
    for of in alike {
        if of.iter().step_by((of.len() / SAMPLE).max(1)).any(&mut holds) {
            out.extend_from_slice(of);
        }
    }
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use firebell_core::telemetry::Labels;

    use super::*;

    fn line(text: &str, fields: &[(&str, &str)]) -> LogLine {
        LogLine {
            source: "logs/a.log".into(),
            line: 1,
            component: None,
            at: None,
            level: None,
            text: text.into(),
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Labels>(),
            trace_id: None,
        }
    }

    #[test]
    fn one_record_is_read_alike_however_it_is_written() {
        let lines = [
            line(
                "203.0.113.7 - ann [05/Jan/2026:10:00:00 +0000] \"GET /export HTTP/1.1\" 200 9000 \"-\" \"curl/8\"",
                &[],
            ),
            line(
                "done client_ip=203.0.113.7 user=ann path=/export status=200 bytes_sent=9000 user_agent=curl/8",
                &[],
            ),
            line(
                r#"{"client":{"ip":"203.0.113.7"},"user":{"name":"ann"},"url":{"path":"/export"},"http":{"response":{"body":{"bytes":9000},"status_code":200}},"user_agent":{"original":"curl/8"}}"#,
                &[],
            ),
            line(
                "GET /export 200 9000",
                &[
                    ("protoPayload.requestMetadata.callerIp", "203.0.113.7"),
                    ("protoPayload.authenticationInfo.principalEmail", "ann"),
                    ("action", "/export"),
                    ("additionalEventData.bytesTransferredOut", "9000"),
                    ("userAgent", "curl/8"),
                ],
            ),
        ];
        for l in &lines {
            let r = Reader::default().read(l);
            let of = [Slot::Client, Slot::Account, Slot::Device].map(|s| r.get(s));
            assert_eq!(of, [Some("203.0.113.7"), Some("ann"), Some("curl/8")], "{}", l.text);
            assert_eq!(r.number(Slot::Bytes), Some(9000.0), "{}", l.text);
            assert!(r.deed().contains("/export") && !r.failed());
        }
    }

    #[test]
    fn two_parts_say_more_than_the_last() {
        let l = line(
            "",
            &[("destination.ip", "198.51.100.9"), ("source.ip", "10.0.0.4"), ("geo.country_iso_code", "NO")],
        );
        let r = Reader::default().read(&l);
        let of = [Slot::Client, Slot::Destination, Slot::Place].map(|s| r.get(s));
        assert_eq!(of, [Some("10.0.0.4"), Some("198.51.100.9"), Some("NO")]);
    }
}
