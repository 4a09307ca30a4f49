//! What a database's own views show of it.

use super::super::finding::Finding;
use super::super::view::View;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let h = &v.cluster.host;
    for d in &h.databases {
        out.push(Finding::new(
            place(v, d.host.as_deref()),
            d.cause,
            d.weight,
            "psql",
            &d.cite,
            d.reading.clone(),
        ));
    }
    let most = h.sessions.iter().max_by_key(|s| s.0);
    if let (Some(limit), Some((n, cite))) = (h.session_limit, most)
        // Three connections are kept for administrators by default.
        && *n >= limit - 3
        && limit > 3
    {
        let host = h.databases.first().and_then(|d| d.host.clone());
        let reading = format!("{n} sessions of {limit} that the database takes");
        out.push(Finding::new(
            place(v, host.as_deref()),
            "database.connection_limit",
            0.9,
            "max_connections",
            cite,
            reading,
        ));
    }
    out
}

/// The database's component: the pod or host that was asked, else the only workload that is called like one.
fn place(v: &View<'_>, host: Option<&str>) -> String {
    let like =
        |n: &str| ["postgres", "pgsql", "mysql", "mariadb", "-db", "database"].iter().any(|w| n.contains(w));
    if let Some(h) = host
        && (v.cluster.pods.iter().any(|p| p.meta.name == h) || like(h))
    {
        return v.service(&v.cluster.workload_named(h));
    }
    let mut names: Vec<String> =
        v.cluster.pods.iter().map(|p| v.cluster.workload_of(&p.meta)).filter(|n| like(n)).collect();
    names.dedup();
    match names.first() {
        Some(n) => v.service(n),
        None => v.database(),
    }
}
