//! Reading: what is taken, and how what is wrong is named.

use super::{Roster, Urgency};

const WHOLE: &str = include_str!("whole.toml");

fn refused(text: &str) -> String {
    Roster::from_toml(text).expect_err("it is wrong").to_string()
}

#[test]
fn a_whole_roster_survives_toml_and_json() {
    let roster = Roster::from_toml(WHOLE).expect("it is right");
    let json = serde_json::to_string(&roster).expect("JSON");
    assert_eq!(serde_json::from_str::<Roster>(&json).expect("the same"), roster);
    assert_eq!(Roster::from_toml(&roster.to_toml().expect("TOML")).expect("the same"), roster);
}

#[test]
fn what_is_wrong_is_named_with_its_field_and_line() {
    let all = [
        "[[people]]\nname = \"ana\"\nemial = \"a@b.org\"\n",
        "[[people]]\nname = \"ana\"\ntime_zone = \"Mars/Olympus\"\n",
        "[[people]]\nname = \"ana\"\n[[people.contacts]]\nkind = \"fax\"\n",
        "[[schedules]]\nname = \"s\"\n[[schedules.layers]]\nname = \"l\"\nrotation = { every = \"week\", start = \"2026-13-01\" }\n",
        "[[schedules]]\nname = \"s\"\n[[schedules.layers]]\nname = \"l\"\nwindows = [{ from = \"25:00\", to = \"09:00\" }]\n",
        "[[schedules]]\nname = \"s\"\n[[schedules.replacements]]\nid = \"x\"\nkind = \"cover\"\nperson = \"ana\"\n",
        "[[schedules]]\nname = \"s\"\n[[schedules.replacements]]\nid = \"x\"\nkind = \"override\"\npeople = [\"ana\"]\nof = \"ben\"\nfrom = \"2026-01-01\"\nuntil = \"2026-01-02\"\n",
        "[[schedules]]\nname = \"s\"\n[[schedules.replacements]]\nid = \"x\"\nkind = \"holiday\"\n",
        "[[escalations]]\nname = \"e\"\n[[escalations.steps]]\ntargets = [{ pigeon = \"coo\" }]\n",
        "[[escalations]]\nname = \"e\"\nsteps = 3\n",
        "[[people]\n",
    ];
    let said: Vec<String> = all.iter().map(|text| refused(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn attempts_follow_the_rules_and_fall_back_on_whatever_works() {
    let roster = Roster::from_toml(WHOLE).expect("it is right");
    let named = |name: &str, urgency| {
        let person = roster.person(name).expect("somebody");
        person
            .attempts(urgency)
            .into_iter()
            .map(|(c, after)| format!("{}+{after}", c.name()))
            .collect::<Vec<_>>()
    };
    assert_eq!(named("ana", Urgency::High), ["push+0", "mobile+120", "voice+300"]);
    assert_eq!(named("ana", Urgency::Low), ["email+0"]);
    // His only rule names a contact that is switched off.
    assert_eq!(named("ben", Urgency::High), ["email+0"]);
    assert_eq!(named("ben", Urgency::Low), ["email+0"]);
}

#[test]
fn a_services_policy_is_its_own_or_its_teams() {
    let roster = Roster::from_toml(WHOLE).expect("it is right");
    assert_eq!(roster.escalation_of("checkout").map(|p| p.name.as_str()), Some("payments"));
    assert_eq!(roster.escalation_of("ledger").map(|p| p.name.as_str()), Some("quiet"));
    assert_eq!(roster.escalation_of("nothing"), None);
}
