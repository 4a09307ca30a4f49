//! Random steps, and the end of a run in which everybody behaves.

use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Actor, Command, Incident, Opening, PlanStatus};
use firebell_core::ports::store::OutboxState;
use firebell_core::signal::Intake;
use firebell_engine::machine::Decision;

use super::{Committed, World};
use crate::dice::Dice;
use crate::invariants::{self, Holds};
use crate::{people, samples};

/// Signals taken in at once.
const DRAIN: usize = 40;
/// More than is ever due.
const ALL: usize = 10_000;
/// A world that is not settled after so many rounds is stuck.
const SETTLE: usize = 400;

impl World {
    /// One random step, then every invariant. The same seed on the same state does the same.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn step(&mut self, seed: u64) -> Holds {
        let mut dice = Dice::new(seed);
        self.vendor.mood(Some(dice.draw()));
        match dice.below(100) {
            0..=17 => {
                let signals = if dice.chance(10) { 40 } else { 1 + dice.below(5) };
                self.accept_signals(&mut dice, signals)?;
            }
            18..=21 => self.accept_other(&mut dice)?,
            22..=35 => self.drain(&mut dice)?,
            36..=49 => self.tick(&mut dice)?,
            50..=71 => self.work(&mut dice)?,
            72..=77 => self.land(&mut dice)?,
            78..=93 => self.command(&mut dice)?,
            94 => self.merge(&mut dice)?,
            95 => self.silence(&mut dice)?,
            96..=97 => {
                let opening = Opening {
                    title: "customers cannot buy, revenue has stopped".to_owned(),
                    services: vec!["checkout".to_owned()],
                    ..Opening::default()
                };
                let now = self.now;
                self.transact(&mut dice, "declares", |m, tx| {
                    m.open(tx, opening.clone(), &Actor::person("ada"), now)
                })?;
            }
            _ => {
                self.restart(&mut dice)?;
                self.check()?;
                return self.check_records();
            }
        }
        self.check()
    }

    fn accept_signals(&mut self, dice: &mut Dice, count: usize) -> Holds {
        let items: Vec<Intake> =
            (0..count).map(|_| Intake::Signal(samples::random_signal(dice, self.now))).collect();
        self.accept(dice, items)
    }

    fn accept_other(&mut self, dice: &mut Dice) -> Holds {
        self.tokens += 1;
        let token = format!("token{}", self.tokens);
        let mut items = vec![if dice.chance(60) {
            Intake::Report(samples::random_report(dice, self.now, &token))
        } else {
            samples::change(&token, self.now)
        }];
        if dice.chance(30) {
            // Sent twice.
            items.push(items[0].clone());
        }
        self.accept(dice, items)
    }

    fn accept(&mut self, dice: &mut Dice, items: Vec<Intake>) -> Holds {
        let now = self.now;
        let what = format!("accepts {} items", items.len());
        let stored = self.transact(dice, &what, |m, tx| m.accept(tx, "am", now, items.clone()).map(drop))?;
        // A sender that was told of a failure sends again; what is stored counts either way.
        if stored.durable().is_some() {
            self.intake_moved = true;
            self.expected.inbox.push_back(items);
        }
        Ok(())
    }

    fn depth(&self) -> Result<usize, String> {
        self.reader.inbox_depth().map(|n| n as usize).map_err(|e| e.to_string())
    }

    fn drain(&mut self, dice: &mut Dice) -> Holds {
        let (now, before) = (self.now, self.depth()?);
        self.transact(dice, "drains", |m, tx| m.drain(tx, now, DRAIN))?;
        let after = self.depth()?;
        self.intake_moved = true;
        self.expected.taken(before - after, now);
        Ok(())
    }

    /// The clock moves, mostly forward; timers fire, silent alerts lapse, held ones are looked at.
    fn tick(&mut self, dice: &mut Dice) -> Holds {
        let seconds = [1, 5, 30, 60, 300, 900, 7200, 86_400][dice.below(8)];
        let back = dice.chance(6);
        self.set_now(samples::plus(self.now, if back { -seconds.min(300) } else { seconds }));
        self.beat(dice)
    }

    fn beat(&mut self, dice: &mut Dice) -> Holds {
        let now = self.now;
        let done = self.transact(dice, "ticks", |m, tx| {
            m.fire_timers(tx, now, ALL)?;
            m.lapse_alerts(tx, now, ALL)?;
            m.look_at_held(tx, now, ALL)
        })?;
        if done.durable().is_some() {
            self.intake_moved = true;
            self.expected.lapse(now);
            self.check_everything_has_its_place()?;
        }
        Ok(())
    }

    /// Claims effects and carries them out, crashing in between now and then.
    fn work(&mut self, dice: &mut Dice) -> Holds {
        let (now, limit) = (self.now, 1 + dice.below(6));
        let claimed = self.transact(dice, "claims", |m, tx| m.claim(tx, now, limit))?;
        let Committed::Known(claimed) = claimed else { return Ok(()) };
        for one in claimed {
            if dice.chance(4) {
                self.say(format!("dies before {}", one.row.key));
                return self.restart(dice);
            }
            self.say(format!("carries out {} {:?}", one.row.key, one.row.effect.kind()));
            let flight = self.carry_out(one);
            if dice.chance(4) {
                self.say(format!("dies after {}", flight.key));
                return self.restart(dice);
            }
            self.flights.push(flight);
            if dice.chance(80) {
                let last = self.flights.len() - 1;
                self.land_one(dice, last, true)?;
            }
        }
        Ok(())
    }

    /// An outcome that is late, or comes twice.
    fn land(&mut self, dice: &mut Dice) -> Holds {
        if self.flights.is_empty() {
            return Ok(());
        }
        let at = dice.below(self.flights.len());
        let keep = dice.chance(30);
        self.land_one(dice, at, !keep)
    }

    fn land_one(&mut self, dice: &mut Dice, at: usize, forget: bool) -> Holds {
        let Some(flight) = self.flights.get(at).cloned() else { return Ok(()) };
        let now = self.now;
        let what = format!("records {}", flight.key);
        let done =
            self.transact(dice, &what, |m, tx| m.finish(tx, &flight.key, flight.fence, &flight.result, now))?;
        // A failed one is tried again by a later step, unless the process died.
        if forget && matches!(done, Committed::Known(_)) {
            self.flights.retain(|f| f.key != flight.key || f.fence != flight.fence);
        }
        Ok(())
    }

    fn any_incident(&self, dice: &mut Dice) -> Option<Incident> {
        let all: Vec<&Incident> = self.folds.values().collect();
        let open: Vec<&Incident> = all.iter().copied().filter(|i| !i.status.is_over()).collect();
        let among = if dice.chance(80) && !open.is_empty() { open } else { all };
        dice.pick(&among).map(|i| (*i).clone())
    }

    fn command(&mut self, dice: &mut Dice) -> Holds {
        let Some(incident) = self.any_incident(dice) else { return Ok(()) };
        let (actor, command) = people::random_command(dice, &incident);
        for _ in 0..1 + usize::from(dice.chance(20)) {
            self.give(dice, &incident.id, &command, &actor)?;
        }
        Ok(())
    }

    fn give(
        &mut self,
        dice: &mut Dice,
        id: &IncidentId,
        command: &Command,
        actor: &Actor,
    ) -> Result<Option<Decision>, String> {
        let now = self.now;
        let what = format!("{} tells {id}: {command:?}", actor.display());
        Ok(self.transact(dice, &what, |m, tx| m.command(tx, id, command, actor, now))?.durable())
    }

    fn merge(&mut self, dice: &mut Dice) -> Holds {
        let (Some(from), Some(into)) = (self.any_incident(dice), self.any_incident(dice)) else {
            return Ok(());
        };
        self.give(dice, &from.id, &Command::Merge { into: into.id }, &Actor::person("grace")).map(drop)
    }

    fn silence(&mut self, dice: &mut Dice) -> Holds {
        self.tokens += 1;
        let silence = samples::random_silence(dice, self.now, &format!("silence-{}", self.tokens));
        self.transact(dice, "silences", |m, tx| m.put_silence(tx, &silence)).map(drop)
    }

    /// Nothing fails any more and everybody does what they should, until all incidents are closed.
    ///
    /// # Errors
    /// Where something is left over, or an invariant breaks on the way.
    pub fn settle(&mut self) -> Holds {
        self.trouble = 0;
        self.vendor.mood(None);
        let dice = &mut Dice::new(0);
        for round in 0..SETTLE {
            if round == SETTLE / 2 {
                // What never stops firing would open or reopen incidents for ever, as it should.
                self.mend_all(dice)?;
            }
            while self.depth()? > 0 {
                self.drain(dice)?;
            }
            self.beat(dice)?;
            for at in (0..self.flights.len()).rev() {
                self.land_one(dice, at, true)?;
            }
            self.flights.clear();
            let now = self.now;
            let claimed = self.transact(dice, "claims", |m, tx| m.claim(tx, now, ALL))?.durable();
            let idle = claimed.as_ref().is_none_or(Vec::is_empty);
            for one in claimed.unwrap_or_default() {
                let flight = self.carry_out(one);
                self.transact(dice, "records", |m, tx| {
                    m.finish(tx, &flight.key, flight.fence, &flight.result, now)
                })?;
            }
            self.check()?;
            let open: Vec<Incident> = self
                .folds
                .values()
                .filter(|i| !invariants::is_settled(i) || !i.dead_effects.is_empty())
                .cloned()
                .collect();
            let waits = self.waiting()?;
            if open.is_empty() && waits == 0 {
                return self.check_end();
            }
            for incident in open {
                self.answer(dice, &incident, round)?;
            }
            if idle {
                self.sleep()?;
            }
        }
        let left: Vec<_> = self.folds.values().filter(|i| !invariants::is_settled(i)).collect();
        let left: Vec<_> = left.iter().map(|i| format!("{} {:?} {:?}", i.id, i.status, i.phase)).collect();
        Err(format!("does not settle: {left:?}, {} effects wait", self.waiting()?))
    }

    /// Everything that fires stops.
    fn mend_all(&mut self, dice: &mut Dice) -> Holds {
        let now = self.now;
        let firing = self.expected.alerts.values().filter(|a| a.firing);
        let items: Vec<Intake> = firing.map(|a| Intake::Signal(samples::end_of(a, Some(now)))).collect();
        if items.is_empty() { Ok(()) } else { self.accept(dice, items) }
    }

    fn waiting(&self) -> Result<usize, String> {
        let count =
            |state| self.reader.outbox(None, Some(state), ALL).map(|r| r.len()).map_err(|e| e.to_string());
        Ok(count(OutboxState::Waiting)? + count(OutboxState::Leased)?)
    }

    /// Until the next timer, retry or lapse of a lease.
    fn sleep(&mut self) -> Holds {
        let mut next = Vec::new();
        let store = self.store.as_mut().ok_or("there is no store")?;
        firebell_core::ports::store::Store::transact(store, &mut |tx| {
            next = [tx.timers_next()?, tx.outbox_next()?].into_iter().flatten().collect();
            Ok(())
        })
        .map_err(|e| e.to_string())?;
        if let Some(next) = next.into_iter().min() {
            // The virtual clock has whole seconds.
            let whole = samples::plus(next, 1);
            self.set_now(jiff::Timestamp::from_second(whole.as_second()).unwrap_or(whole).max(self.now));
        }
        Ok(())
    }

    /// What people do who answer what they are asked, and nothing more: the rest must come by itself.
    fn answer(&mut self, dice: &mut Dice, incident: &Incident, round: usize) -> Holds {
        let ada = Actor::person("ada");
        let dead: Vec<EffectKey> = incident.dead_effects.keys().cloned().collect();
        for key in dead {
            self.give(dice, &incident.id, &Command::ReviveEffect { key }, &ada)?;
        }
        if incident.status.is_over() {
            return Ok(());
        }
        for waiting in incident.awaiting.values() {
            let holder = waiting.people.first().map_or_else(|| ada.clone(), Actor::person);
            self.give(dice, &incident.id, &Command::Acknowledge, &holder)?;
        }
        let proposed = incident.plans.iter().find(|p| p.status == PlanStatus::Proposed);
        if let Some(plan) = proposed {
            for person in ["ada", "grace"] {
                let plan = plan.hash.clone();
                let go = Command::Decide { plan, go: true, reason: String::new() };
                self.give(dice, &incident.id, &go, &Actor::person(person))?;
            }
        }
        // What nothing else brings to its end, a person does in the end.
        if round > SETTLE / 4 * 3 {
            let resolve = Command::Resolve { summary: "looked at by hand".to_owned() };
            self.give(dice, &incident.id, &resolve, &ada)?;
        }
        Ok(())
    }
}
