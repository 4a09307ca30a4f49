//! What a check of the file must find.

use super::parse;

/// Whether the complaints name the field and what is wrong there.
fn refused(toml: &str, words: &[&str]) {
    let error = parse(toml).expect_err(toml);
    for word in words {
        assert!(error.contains(word), "{toml}: {word:?} is not in {error:?}");
    }
}

#[test]
fn values_that_no_server_can_use_are_refused_by_field() {
    for (toml, words) in [
        ("[server]\npublic_url = \"not a url\"", &["server.public_url", "not a url"][..]),
        ("[server]\npublic_url = \"firebell.example.com\"", &["server.public_url"]),
        ("[server]\nlisten = \"nowhere\"", &["server.listen", "HOST:PORT"]),
        ("[server]\nlisten = \"127.0.0.1:70000\"", &["server.listen"]),
        ("[severity]\nsev1_error_ratio = 50.0", &["severity.sev1_error_ratio", "50", "between 0 and 1"]),
        ("[severity]\nsev2_users_ratio = nan", &["severity.sev2_users_ratio"]),
        ("[severity]\nsev1_p95_ratio = 0.5", &["severity.sev1_p95_ratio"]),
        ("[severity]\nsev2_needs = 9", &["severity.sev2_needs"]),
        ("[levels.sev2]\nroles = [\"wizard\"]", &["levels.sev2.roles", "wizard", "on_call"]),
        (
            "[levels.sev3]\nescalate_after_s = 60\nescalate_to = \"wizard\"",
            &["levels.sev3.escalate_to", "wizard"],
        ),
        ("[checklists]\nwizard = [\"wave\"]", &["checklists.wizard", "name one of", "on_call"]),
        ("[checklists]\nscribe = [\"\"]", &["checklists.scribe", "task 1 is empty"]),
        ("[checklists]\nscribe = [\"a\", \"a\"]", &["checklists.scribe", "task 2 is there twice"]),
        ("[times]\nsoak_s = -5", &["times.soak_s", "-5"]),
        ("[times]\nsoak_s = 9223372036854775807", &["times.soak_s"]),
        ("[times]\nstep_s = 0", &["times.step_s"]),
        ("[times]\nassess_by_s = 900", &["times.command_by_s", "times.assess_by_s"]),
        ("[times]\nrecovery_hold_s = 601", &["times.recovery_hold_s"]),
        ("[correlation]\nwindow_s = 0", &["correlation.window_s"]),
        ("[correlation]\nflap_turns = 0", &["correlation.flap_turns"]),
        ("[[correlation.inhibit]]\nsource = {}\ntarget = { a = \"b\" }", &["correlation.inhibit"]),
        ("[retry]\njitter = 2.0", &["retry.jitter"]),
        ("[retry]\nbase_s = 10.0\nmax_s = 1.0", &["retry.max_s"]),
        ("[retry]\nmax_attempts = 0", &["retry.max_attempts"]),
        ("[[services]]\nname = \"a\"\nslo_availability = 99.9", &["services/a: slo_availability", "0.999"]),
        ("[[services]]\nname = \"a\"\nslo_latency_p95_ms = -1.0", &["services/a: slo_latency_p95_ms"]),
        ("[[services]]\nname = \"\"", &["services", "empty"]),
        ("[[people]]\nname = \"Ada\"\nemail = \"ada\"", &["people/Ada: email"]),
        ("[otlp]\nkey = \"\"", &["otlp: key", "empty"]),
        ("[otlp]\nkey = \"0123456789\"\nstore = { max_mib = 0 }", &["otlp: max_mib"]),
        ("[templates]\ndir = \"/nonexistent/templates\"", &["templates: dir", "/nonexistent/templates"]),
    ] {
        refused(toml, words);
    }
}

#[test]
fn references_to_what_is_not_there_are_refused() {
    refused("[[people]]\nname = \"Ada\"\nroles = [\"boss\"]", &["people/Ada: roles", "boss"]);
    let service = "[[services]]\nname = \"a\"\ndepends_on = [\"b\"]\n";
    refused(service, &["services/a: depends_on", "\"b\""]);
    for known in ["name = \"b\"", "name = \"c\"\naliases = [\"b\"]", "name = \"c\"\ncomponent = \"b\""] {
        let whole = format!("{service}[[services]]\n{known}");
        assert!(parse(&whole).is_ok(), "{whole}: {:?}", parse(&whole).err());
    }
}

#[test]
fn a_company_may_have_roles_of_its_own_where_somebody_holds_them() {
    let level = "[levels.sev1]\nroles = [\"incident_commander\", \"wizard\"]\n";
    refused(level, &["levels.sev1.roles", "wizard"]);
    let whole = format!("{level}[[people]]\nname = \"Ada\"\nroles = [\"wizard\"]");
    assert!(parse(&whole).is_ok(), "{:?}", parse(&whole).err());
}

#[test]
fn secrets_that_are_not_there_or_too_short_are_refused() {
    let token = |rest: &str| format!("[[tokens]]\nname = \"Ada\"\n{rest}");
    refused(
        &token("token = { env = \"FIREBELL_NO_SUCH_VARIABLE\" }"),
        &["tokens/Ada", "FIREBELL_NO_SUCH_VARIABLE"],
    );
    refused(&token("token = { file = \"/nonexistent/key\" }"), &["tokens/Ada", "/nonexistent/key"]);
    refused(&token("token = \"short\""), &["tokens/Ada: token", "16 characters"]);
    let error = parse(&token("token = \"short\"")).expect_err("too short");
    assert!(!error.contains("short\""), "{error}");
    refused("[[tokens]]\nname = \"admin\"\ntoken = \"0123456789abcdef\"", &["administrator"]);
}

#[test]
fn a_sign_in_that_lets_nobody_in_or_is_not_safe_is_refused() {
    let oidc =
        |rest: &str| format!("[oidc]\nissuer = \"https://login.example.com\"\nclient_id = \"x\"\n{rest}");
    let roles = "[oidc.roles]\nsre = \"responder\"\n";
    assert!(parse(&oidc(roles)).is_ok(), "{:?}", parse(&oidc(roles)).err());
    assert!(parse(&oidc("default_role = \"viewer\"")).is_ok());
    refused(&oidc(""), &["oidc.roles", "nobody"]);
    refused(&oidc("[oidc.roles]\nsre = \"boss\""), &["boss", "commander", "line 5"]);
    refused(&oidc(&format!("scopes = \"profile\"\n{roles}")), &["oidc.scopes", "openid"]);
    refused(&oidc(&format!("colour = \"red\"\n{roles}")), &["colour"]);
    refused(
        &oidc(&format!("client_secret = {{ env = \"FIREBELL_NO_SUCH_VARIABLE\" }}\n{roles}")),
        &["oidc: client_secret", "FIREBELL_NO_SUCH_VARIABLE"],
    );
    refused(
        &oidc(&format!("ca_file = \"/nonexistent/ca.pem\"\n{roles}")),
        &["oidc: ca_file", "/nonexistent"],
    );
    refused(
        &format!("[oidc]\nissuer = \"http://login.example.com\"\nclient_id = \"\"\n{roles}"),
        &["oidc.issuer", "https://", "oidc.client_id"],
    );
}

#[test]
fn names_and_keys_are_given_once() {
    let token = |name: &str, token: &str| format!("[[tokens]]\nname = \"{name}\"\ntoken = \"{token}\"\n");
    let (one, two) = ("0123456789abcdef", "fedcba9876543210");
    refused(&(token("Ada", one) + &token("Ada", two)), &["tokens", "\"Ada\"", "twice"]);
    refused(&(token("Ada", one) + &token("Grace", one)), &["tokens/Grace: token", "\"Ada\" too"]);
    assert!(parse(&(token("Ada", one) + &token("Grace", two))).is_ok());
    let source = |name: &str, kind: &str, key: &str| {
        format!("[[sources]]\nname = \"{name}\"\nkind = \"{kind}\"\nkey = \"{key}\"\n")
    };
    refused(&(source("a", "alertmanager", one) + &source("a", "change", two)), &["\"a\"", "name", "taken"]);
    refused(
        &(source("a", "alertmanager", one) + &source("b", "alertmanager", one)),
        &["\"b\"", "key", "\"a\" too"],
    );
    let telemetry = "[[telemetry]]\nkind = \"prometheus\"\nname = \"m\"\nurl = \"http://127.0.0.1:9\"\n";
    refused(&telemetry.repeat(2), &["telemetry", "prometheus/m", "twice"]);
    let platform = "[[platforms]]\nname = \"m\"\nurl = \"http://127.0.0.1:9\"\ntoken = \"x\"\n";
    refused(&platform.repeat(2), &["platforms", "\"m\"", "twice"]);
    let notifier = "[[notifiers]]\nkind = \"webhook\"\nname = \"m\"\nurl = \"http://127.0.0.1:9\"\nsecret = \"0123456789abcdef\"\n";
    refused(&notifier.repeat(2), &["notifiers", "webhook/m", "twice"]);
    refused("[status]\nemail = \"email/nobody\"\n", &["status.email", "email/nobody", "not a notifier"]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let toml = "[times]\nsoak_s = -5\n[[people]]\nname = \"Ada\"\nroles = [\"boss\"]\n[[tokens]]\nname = \"Ada\"\ntoken = \"x\"\n";
    refused(toml, &["times.soak_s", "boss", "tokens/Ada"]);
}
