//! Images that are not pulled: a registry that does not resolve, a reference to nothing, a secret that lacks.

use super::super::finding::Finding;
use super::super::model::same_ns;
use super::super::view::{Kind, Trouble, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in v.troubles.iter().filter(|t| t.kind == Kind::Image) {
        one(v, t, &mut out);
    }
    out
}

/// Registry host and repository of a reference; the default registry is written out.
fn split(image: &str) -> (String, String, String) {
    let image = image.split('@').next().unwrap_or(image);
    let (path, tag) = match image.rsplit_once(':') {
        Some((p, t)) if !t.contains('/') => (p, t),
        _ => (image, "latest"),
    };
    match path.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
            (host.to_owned(), rest.to_owned(), tag.to_owned())
        }
        _ => ("docker.io".to_owned(), path.to_owned(), tag.to_owned()),
    }
}

fn one(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let place = v.service(&t.workload);
    let stuck = t
        .pod
        .into_iter()
        .flat_map(|p| &p.states)
        .find(|s| s.waiting.as_ref().is_some_and(|w| w.0.contains("Image") || w.0.contains("Err")));
    let image = t
        .spec
        .all()
        .find(|c| stuck.is_none_or(|s| s.name == c.name))
        .map(|c| c.image.clone())
        .or_else(|| {
            t.said.iter().find_map(|s| s.0.split("image \"").nth(1)?.split('"').next().map(str::to_owned))
        })
        .unwrap_or_default();
    let (registry, repository, tag) = split(&image);
    // What runs elsewhere from the same registry shows that it is reached.
    let neighbours: Vec<(String, String, String)> = v
        .specs()
        .iter()
        .filter(|s| s.0 != t.workload && v.troubled(&s.0).all(|o| o.kind != Kind::Image))
        .flat_map(|s| s.2.containers.iter().map(|c| split(&c.image)))
        .collect();
    let same_registry = neighbours.iter().filter(|n| n.0 == registry).count();
    // Waiting states come first in what is said; the pull's own words are in events as often.
    let all: String = t.said.iter().map(|s| s.0.to_lowercase() + "\n").collect();
    let cite = t
        .says(&[
            "failed to pull",
            "pull access denied",
            "not found",
            "no such host",
            "unauthorized",
            "invalid",
        ])
        .map_or(&t.cite, |s| &s.1);
    let words = t
        .says(&[
            "failed to pull",
            "pull access denied",
            "no such host",
            "unauthorized",
            "not found",
            "couldn't parse",
        ])
        .map_or(String::new(), |s| quoted(&s.0));
    let has = |w: &[&str]| w.iter().any(|w| all.contains(w));
    let mut say = |cause: &'static str, weight: f64, reading: String| {
        out.push(
            Finding::new(place.clone(), cause, weight * t.sure, "Failed", cite, reading)
                .also(Some(&t.cite), format!("{}: {}", t.workload, t.what)),
        );
    };
    let wrong = "kubernetes.incorrect_image_reference";
    let secret = "kubernetes.missing_image_pull_secret";
    let dns = "kubernetes.image_registry_dns_failure";
    if has(&[
        "no such host",
        "server misbehaving",
        "temporary failure in name resolution",
        "could not resolve",
        "lookup ",
    ]) && !has(&["unauthorized"])
    {
        let known = same_registry > 0;
        say(dns, 0.91, format!("registry {registry} of image {image} does not resolve: {words}"));
        if !known && !neighbours.is_empty() {
            say(
                wrong,
                0.6,
                format!("no other image comes from {registry}; the neighbours use {}", neighbours[0].0),
            );
        }
        return;
    }
    let named_secret = t.spec.pull_secrets.iter().find(|s| {
        !v.cluster.secrets.iter().any(|b| b.meta.name == **s) && v.cluster.complete("Secret", &t.ns)
    });
    let retrieval = has(&["unable to retrieve some image pull secrets", "failedtoretrieveimagepullsecret"]);
    let denied = has(&[
        "unauthorized",
        "authentication required",
        "no basic auth credentials",
        "403 forbidden",
        "denied: requested access",
        "access forbidden",
        "authorization failed",
        "pull access denied",
    ]);
    if denied {
        let certain = has(&[
            "unauthorized: authentication required",
            "no basic auth",
            "401 unauthorized",
            "403 forbidden",
        ]) && !has(&["repository does not exist", "insufficient_scope"]);
        // Docker Hub says the same of repositories that do not exist: the neighbours tell.
        let owner = repository.split('/').next().unwrap_or("").to_owned();
        let public = neighbours
            .iter()
            .any(|n| n.0 == registry && n.1.split('/').next() == Some(owner.as_str()) && n.1.contains('/'))
            || !repository.contains('/');
        let neighbours_use = v.specs().iter().any(|s| s.0 != t.workload && !s.2.pull_secrets.is_empty());
        let by_account = v.cluster.accounts.iter().any(|a| {
            Some(a.meta.name.as_str()) == t.spec.account.as_deref()
                && same_ns(&a.meta.ns, &t.ns)
                && !a.pull_secrets.is_empty()
        });
        let missing = named_secret.is_some()
            || retrieval
            || (neighbours_use && t.spec.pull_secrets.is_empty() && !by_account);
        let (to_secret, to_wrong) = match (missing, certain, public) {
            (true, _, _) => (0.91, 0.3),
            (false, true, _) => (0.89, 0.35),
            (false, false, true) => (0.6, 0.85),
            (false, false, false) => (0.86, 0.7),
        };
        let why = match named_secret {
            Some(s) => format!("pull secret {s} does not exist"),
            None if t.spec.pull_secrets.is_empty() && !by_account => {
                "the pod names no pull secret".to_owned()
            }
            None => format!(
                "pull secret {} is not accepted",
                t.spec.pull_secrets.first().map_or("of its account", String::as_str)
            ),
        };
        say(secret, to_secret, format!("the registry refuses image {image} and {why}: {words}"));
        say(wrong, to_wrong, format!("image {image} may not exist: {words}"));
        return;
    }
    let gone = has(&[
        "manifest unknown",
        "not found",
        "manifest for",
        "name unknown",
        "invalidimagename",
        "couldn't parse image",
        "invalid reference",
        "does not exist",
        "errimageneverpull",
    ]);
    let similar = neighbours
        .iter()
        .filter(|n| n.0 == registry)
        .find(|n| n.2 != tag)
        .map_or(String::new(), |n| format!("; a neighbour runs {}:{}", n.1, n.2));
    if gone {
        say(wrong, 0.9, format!("image {image} does not exist{similar}: {words}"));
        if retrieval || named_secret.is_some() {
            say(secret, 0.7, format!("pull secrets of {} cannot be read", t.workload));
        }
    } else if retrieval || named_secret.is_some() {
        say(secret, 0.86, format!("pull secrets of {} cannot be read", t.workload));
    } else if has(&["i/o timeout", "connection refused", "deadline exceeded", "eof"]) {
        say(dns, 0.6, format!("registry {registry} is not reached: {words}"));
        say(wrong, 0.4, format!("image {image} is not pulled: {words}"));
    } else {
        // Only the state is shown: the reference is the likeliest.
        let odd = !neighbours.is_empty() && same_registry == 0;
        say(
            wrong,
            if odd { 0.8 } else { 0.72 },
            format!("image {image} is not pulled ({}){similar}", t.what),
        );
        say(secret, 0.35, format!("image {image} is not pulled ({})", t.what));
        say(dns, 0.35, format!("image {image} is not pulled ({})", t.what));
    }
}
