//! How well a change explains the harm: by what it did, where and when, held against what went wrong.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::change::ChangeKind;

use super::complaint;
use super::edit::Edit;
use super::effect::Effect;
use super::ledger::{Candidate, Content, Live};
use super::place::{self, Place};
use super::symptom::{Said, Symptom, plain};
use super::timing;
use super::turned::Turn;
use crate::case::Case;
use crate::names;
use crate::signal::{Role, Signal};
use crate::text::words;

/// A match below this blames nobody.
pub(super) const LEAST: f64 = 0.3;
/// Harm that begins within this time of a flag may be its, milliseconds.
const PROMPT_MS: i64 = 60_000;
/// By so much more of a machine's residents than of others are ill where the machine is to blame.
const MOST_OF_THEM: f64 = 0.5;
/// What is not known can be suspected so far.
const UNKNOWN_MOST: f64 = 0.6;

/// What came of judging one change.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub component: String,
    pub at: i64,
    /// 0 to 1; nothing below [`LEAST`] is blamed.
    pub weight: f64,
    /// How the change and the symptom meet, for people; for a rejected one why it is rejected.
    pub why: String,
    /// What it did, for people.
    pub did: String,
    /// The change was blamed for what it did, not for its time and place only.
    pub known: bool,
    /// Harm that it brings and that shows at its component.
    pub effects: BTreeSet<Effect>,
    /// Harm that it can bring.
    pub brings: BTreeSet<Effect>,
    /// It makes load on what it calls.
    pub below: bool,
    pub rejected: bool,
}

/// What all judgements share.
pub(super) struct Court<'c, 'a> {
    pub case: &'c Case<'a>,
    pub seen: &'c [Signal],
    pub symptom: &'c Symptom,
    pub harm: BTreeMap<&'c str, f64>,
    /// How many changes hold each word.
    pub seen_in: BTreeMap<String, usize>,
    /// Names of components: no evidence of anything.
    pub own_names: BTreeSet<String>,
}

impl Court<'_, '_> {
    /// Judges a change at the place where it explains most.
    pub(super) fn judge(&self, c: &Candidate<'_>) -> Judged {
        let mut lives = c.live.clone();
        if lives.is_empty() {
            lives.push(Live { component: self.guess(c), at: c.shown.at.as_millisecond(), carried: false });
        }
        lives
            .iter()
            .map(|live| self.at(c, live))
            .max_by(|a, b| {
                (!a.rejected, a.weight)
                    .partial_cmp(&(!b.rejected, b.weight))
                    .unwrap_or(std::cmp::Ordering::Equal)
                    .then_with(|| b.component.cmp(&a.component))
            })
            .unwrap_or_else(|| self.rejected(&lives[0], "nothing is known of it".to_owned()))
    }

    fn rejected(&self, live: &Live, why: String) -> Judged {
        Judged {
            component: live.component.clone(),
            at: live.at,
            weight: 0.0,
            why,
            did: String::new(),
            known: false,
            effects: BTreeSet::new(),
            brings: BTreeSet::new(),
            below: false,
            rejected: true,
        }
    }

    /// Where a commit that nobody deployed belongs: the component that it names, or where the harm is.
    fn guess(&self, c: &Candidate<'_>) -> String {
        let text: String = c.entries.iter().map(|e| format!("{} ", e.files.join(" "))).collect();
        let mentioned = self.case.names.mentioned(&text);
        let most = |names: &mut dyn Iterator<Item = (&str, f64)>| {
            names.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(a.0))).map(|(n, _)| n.to_owned())
        };
        most(&mut mentioned.iter().map(|m| (m.as_str(), self.harm.get(m.as_str()).copied().unwrap_or(0.0))))
            .or_else(|| most(&mut self.harm.iter().map(|(n, h)| (*n, *h))))
            .unwrap_or_default()
    }

    fn at(&self, c: &Candidate<'_>, live: &Live) -> Judged {
        let case = self.case;
        let reject = |why: String| self.rejected(live, why);
        let slack = timing::slack(case);
        // Where nothing that is measured is ill, what people first said is a better onset than what moved by chance.
        let before_complaints = complaint::alone_before_complaints(case, c.shown, self.seen);
        if case.frame.seen && live.at > case.frame.onset + slack && !before_complaints {
            return reject(format!(
                "went live {} after the onset",
                timing::spell(live.at - case.frame.onset)
            ));
        }
        if let Content::Inert(reason) = c.content {
            return reject(reason.to_owned());
        }
        if nobody(c) {
            return reject("was rolled out to nobody".to_owned());
        }
        let deploys = case.t.changes.iter().any(|d| d.kind == ChangeKind::Deploy);
        if !c.deployed && deploys {
            return reject("was in no deploy before the onset".to_owned());
        }
        let place = Place::find(case, &live.component, &self.harm);
        let special = self.special(c, live, before_complaints);
        match &c.content {
            Content::Known(edits) => self.known(c, live, &place, edits, special),
            _ => self.unknown(c, live, &place, special),
        }
    }

    /// Evidence beside what the change did: a flag's share that moved, complaints that began with it, a called side that
    /// is well and no longer called.
    fn special(&self, c: &Candidate<'_>, live: &Live, before_complaints: bool) -> (f64, Vec<String>) {
        let mut weight: f64 = 0.0;
        let mut how = Vec::new();
        let flagged = c.shown.kind == ChangeKind::Flag
            && self.seen.iter().any(|s| s.cause == "change.flag" && s.component == live.component);
        if flagged {
            weight += 0.25;
            how.push("the flag's share moved".to_owned());
        }
        if before_complaints {
            weight += 0.62;
            how.push("it is the only change before people complained".to_owned());
        }
        if c.shown.kind == ChangeKind::Node
            && Place::of_residents(self.case, &live.component, &self.harm)
                .is_some_and(|most| most >= MOST_OF_THEM)
        {
            weight += 0.45;
            how.push("most of what runs on it is ill, and little else".to_owned());
        }
        let away: Vec<String> = self
            .case
            .turned_away
            .iter()
            .filter_map(|(callee, by)| Some((callee, by.get(&c.key)?)))
            .map(|(callee, turn)| match turn {
                Turn::Elsewhere => format!("it names {callee}, which is well and no longer called"),
                Turn::CutShort => format!("it no longer waits for {callee} to answer"),
            })
            .collect();
        if !away.is_empty() {
            weight += 0.4;
            how.extend(away);
        }
        (weight, how)
    }

    fn known(
        &self,
        c: &Candidate<'_>,
        live: &Live,
        place: &Place,
        edits: &[Edit],
        special: (f64, Vec<String>),
    ) -> Judged {
        let case = self.case;
        let mut best: Option<(f64, &Edit, Effect, Option<&Said>)> = None;
        let mut effects: BTreeSet<Effect> = BTreeSet::new();
        let mut rest = 1.0;
        let mut named_by: Option<(&Said, String)> = None;
        for edit in edits {
            let mention =
                edit.names.iter().find_map(|n| Some((self.symptom.mentions(n, &self.own_names)?, n.clone())));
            let fit = place.fit(edit.below);
            let full = if !edit.named || mention.is_some() { 1.0 } else { 0.25 };
            let mut top = 0.0;
            for (effect, w) in &edit.effects {
                let shown = self.shown(&live.component, *effect, edit.below);
                let weight = w * shown * effect.telling() * full * fit;
                if weight > 0.25 {
                    effects.insert(*effect);
                }
                if weight > top {
                    top = weight;
                    if best.as_ref().is_none_or(|b| weight > b.0) {
                        let said = mention
                            .as_ref()
                            .map(|m| m.0)
                            .or_else(|| self.symptom.shows(*effect, &live.component));
                        best = Some((weight, edit, *effect, said));
                    }
                }
            }
            if let Some((said, name)) = mention {
                // A name that errors repeat: the longer it is, the less it is chance.
                let rare = self.rarity(&name);
                let long = if plain(&name).len() >= 9 { 0.6 } else { 0.4 };
                rest *= 1.0 - long * rare * fit.max(0.5);
                if named_by.as_ref().is_none_or(|n| name.len() > n.1.len()) {
                    named_by = Some((said, name));
                }
            }
        }
        let effect = best.as_ref().map_or(0.0, |b| b.0);
        let below = best.as_ref().is_some_and(|b| b.1.below);
        let delayed = best.as_ref().is_some_and(|b| b.1.delayed || b.1.below);
        let frame = self.frame(c);
        let (telling, which) = self.words(c, live);
        let mut around: BTreeSet<String> = [live.component.clone()].into();
        if below {
            around.extend(case.graph.downstream(&live.component).into_keys());
        }
        let brings: BTreeSet<Effect> =
            edits.iter().flat_map(|e| &e.effects).filter(|e| e.1 > 0.4).map(|e| e.0).collect();
        let jump = timing::jump(case, &around, live.at, &brings);
        let fit = place.fit(below);
        let strength = jump.as_ref().map_or(0.0, |j| j.strength);
        let matched = 1.0
            - rest
                * (1.0 - 0.85 * effect)
                * (1.0 - 0.6 * if frame.is_some() { 1.0 } else { 0.0 })
                * (1.0 - 0.35 * strength * fit)
                * (1.0 - 0.35 * telling * fit)
                * (1.0 - special.0.min(0.9));
        let near = timing::near(case, live.at);
        let time = if delayed { 0.88 + 0.12 * near } else { 0.75 + 0.25 * near };
        let way = if live.carried {
            0.94
        } else if c.deployed {
            1.0
        } else {
            0.6
        };
        let weight = matched * time * way * (0.45 + 0.55 * fit.max(special.0.min(1.0)));
        let did = best.as_ref().map(|b| b.1).or(edits.first()).map_or_else(String::new, |e| e.what.clone());
        if !place.on_a_path() && special.0 == 0.0 && (effect < 0.5 || !place.unknown) {
            return self.rejected(live, "its component is not on any path to the failure".to_owned());
        }
        // The place alone, or a common word, is no mechanism.
        let mechanism = effect.max(1.0 - rest).max(special.0).max(if frame.is_some() { 0.5 } else { 0.0 });
        if mechanism < 0.2 && (telling < 0.5 || matched < 0.4) {
            return self.rejected(live, self.nothing_in_common(&did));
        }
        if jump.is_none()
            && case.frame.seen
            && let Some(gauge) = timing::earlier_trend(case, &live.component, live.at, &brings)
        {
            return self
                .rejected(live, format!("its effect began before it: {gauge} was already on its way"));
        }
        if weight < LEAST {
            return self.rejected(live, self.nothing_in_common(&did));
        }
        let mut meets: Vec<String> = Vec::new();
        if let Some((_, _, e, said)) = &best
            && effect > 0.15
        {
            meets.push(match said {
                Some(s) => format!("{} since then, as in “{}”", e.label(), s.text),
                None => format!("{} since then", e.label()),
            });
        }
        if let Some((said, name)) = &named_by {
            let quoted = if meets.is_empty() { format!(": “{}”", said.text) } else { String::new() };
            meets.push(format!("errors name `{name}`{quoted}"));
        }
        meets.extend(frame.map(|f| format!("stacks pass through {f}")));
        meets.extend(jump.map(|j| format!("{} of {} jumped at it", j.name, j.component)));
        if meets.is_empty() && !which.is_empty() {
            meets.push(format!(
                "its lines share {} with the symptom",
                which.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        meets.extend(special.1);
        Judged {
            component: live.component.clone(),
            at: live.at,
            weight: weight.min(0.95),
            why: meets.join("; "),
            did,
            known: true,
            effects,
            brings,
            below,
            rejected: false,
        }
    }

    fn nothing_in_common(&self, did: &str) -> String {
        if did.is_empty() {
            "nothing that it touches brings such a symptom".to_owned()
        } else {
            format!("what it does ({did}) does not bring what is seen")
        }
    }

    /// How strongly an effect shows where a change at `component` would bring it.
    fn shown(&self, component: &str, effect: Effect, below: bool) -> f64 {
        self.symptom
            .effects
            .iter()
            .filter_map(|(there, effects)| {
                Some(effects.get(&effect)? * place::relation(self.case, component, there, below))
            })
            .fold(0.0, f64::max)
    }

    /// 1 for a name that only this change holds, less for one that many do.
    fn rarity(&self, name: &str) -> f64 {
        let most = words::words(name).iter().filter_map(|w| self.seen_in.get(w)).min().copied().unwrap_or(1);
        1.0 / (most.max(1) as f64).sqrt()
    }

    /// A file of the change through which stacks pass.
    fn frame(&self, c: &Candidate<'_>) -> Option<String> {
        c.files
            .iter()
            .filter_map(|f| f.rsplit('/').next())
            .find(|f| self.symptom.frames.contains_key(&f.to_lowercase()))
            .map(str::to_owned)
    }

    /// Words that the change shares with the symptom: 0 to 1, and which.
    fn words(&self, c: &Candidate<'_>, live: &Live) -> (f64, Vec<String>) {
        // The place's own name stands in everything about it: no evidence.
        let name = words::words(names::short(&live.component));
        let symptom: BTreeSet<String> = self.symptom.words.difference(&name).cloned().collect();
        let (shared, which) = words::overlap(&c.words, &symptom, &self.seen_in);
        (1.0 - (-shared / 1.5).exp(), which)
    }

    /// A change of which only time and place are known.
    fn unknown(&self, c: &Candidate<'_>, live: &Live, place: &Place, special: (f64, Vec<String>)) -> Judged {
        let (telling, which) = self.words(c, live);
        let idle =
            if c.shown.kind == ChangeKind::Flag && special.0 == 0.0 && telling == 0.0 { 0.6 } else { 1.0 };
        // A flag that nothing ties to what is seen is no more than a flag, unless the harm began with it.
        let prompt = (self.case.frame.onset - live.at).abs() <= timing::slack(self.case).max(PROMPT_MS);
        if c.shown.kind == ChangeKind::Flag && special.0 == 0.0 && telling < 0.3 && !prompt {
            return self.rejected(live, "nothing ties the flag to what is seen".to_owned());
        }
        let mechanism = idle * (0.55 * place.here + 0.4 * telling + special.0).min(1.0);
        if mechanism < 0.12 {
            let why = if place.on_a_path() {
                "no harm at the place that it touched and no word in common with the symptom"
            } else {
                "its component is not on any path to the failure"
            };
            return self.rejected(live, why.to_owned());
        }
        if special.0 == 0.0
            && self.case.frame.seen
            && let Some(gauge) = timing::earlier_trend(self.case, &live.component, live.at, &BTreeSet::new())
        {
            return self
                .rejected(live, format!("its effect began before it: {gauge} was already on its way"));
        }
        let way = if live.carried {
            0.9
        } else if c.deployed {
            1.0
        } else {
            0.55
        };
        let most = if special.0 > 0.0 { 0.95 } else { UNKNOWN_MOST };
        let weight = (mechanism * (0.35 + 0.65 * timing::near(self.case, live.at)) * way).min(most);
        let mut meets = special.1;
        if !which.is_empty() {
            meets.push(format!("shares {}", which.iter().take(5).cloned().collect::<Vec<_>>().join(", ")));
        }
        Judged {
            component: live.component.clone(),
            at: live.at,
            weight,
            why: meets.join("; "),
            did: String::new(),
            known: special.0 > 0.0,
            effects: BTreeSet::new(),
            brings: BTreeSet::new(),
            below: false,
            rejected: false,
        }
    }
}

/// A flag or a share that ends at nothing.
fn nobody(c: &Candidate<'_>) -> bool {
    let to = c.shown.to.as_deref().unwrap_or("").replace(' ', "").to_lowercase();
    let from = c.shown.from.as_deref().unwrap_or("").replace(' ', "").to_lowercase();
    c.shown.kind == ChangeKind::Flag
        && (to == "0%" || to == "0")
        && (from.is_empty() || from == "0%" || from == "0")
}

/// The strongest evidence among what other engines saw that no change of one's own code brings: somebody else's failure,
/// an attack, the network, a machine. With how much it says.
pub(super) fn outside(seen: &[Signal]) -> Option<(&Signal, f64)> {
    seen.iter()
        .filter(|s| s.role != Role::Against && s.change.is_none())
        .filter_map(|s| {
            let foreign = s.component.starts_with("third_party/") && s.cause.starts_with("dependency.");
            let nature = s.component.starts_with("node/")
                || [
                    "network.",
                    "security.",
                    "kubernetes.node",
                    "kubernetes.containerd",
                    "kubernetes.kubelet",
                ]
                .iter()
                .any(|p| s.cause.starts_with(p))
                || matches!(s.cause, "database.primary_down" | "dependency.rate_limited");
            // Errors that name a third party are seen by its callers only.
            let weight = if foreign && s.weight > 0.1 { s.weight.max(0.6) } else { s.weight };
            (foreign || (nature && s.role == Role::Mechanism)).then_some((s, weight))
        })
        .filter(|(_, weight)| *weight > 0.4)
        .max_by(|(a, x), (b, y)| {
            x.total_cmp(y).then_with(|| b.component.cmp(&a.component)).then_with(|| b.cause.cmp(a.cause))
        })
}
