//! What is in force at a moment: what began to go wrong and is not over.

use super::plan::{Happening, Lie, Mood};
use super::upstream::SLOW_WAY;
use crate::mail_catcher::{Behaviour, MailServer};
use crate::simulator::Simulator;
use crate::store::DiskTrouble;

/// Of each kind by the numbers of the happenings, the last one of which holds.
#[derive(Debug, Default)]
pub(super) struct InForce {
    lies: Vec<(usize, Lie)>,
    disks: Vec<(usize, DiskTrouble)>,
    moods: Vec<(usize, (&'static str, Mood))>,
    mail: Vec<(usize, Behaviour)>,
    faults: Vec<(usize, (String, &'static str))>,
}

impl InForce {
    /// Puts something in force that lasts, or ends it; why not, where it cannot be.
    pub(super) fn turn(
        &mut self,
        (simulator, mail): (&Simulator, &MailServer),
        number: usize,
        what: &Happening,
        is_begin: bool,
    ) -> Result<(), String> {
        match what {
            Happening::Lie(lie) => set(&mut self.lies, number, is_begin, || *lie),
            Happening::Disk(trouble) => set(&mut self.disks, number, is_begin, || *trouble),
            Happening::Mood { receiver, mood } => {
                set(&mut self.moods, number, is_begin, || (*receiver, *mood));
            }
            Happening::Mail(behaviour) => {
                set(&mut self.mail, number, is_begin, || behaviour.clone());
                let now = self.mail.last().map(|(_, behaviour)| behaviour.clone());
                mail.behave(now.unwrap_or_default());
            }
            Happening::Fault { name, share } => {
                set(&mut self.faults, number, is_begin, || (name.clone(), *share));
                let still = self.faults.iter().rev().find(|(_, (other, _))| other == name);
                let share = still.map_or("0", |(_, (_, share))| *share);
                if name != SLOW_WAY
                    && let Err(error) = simulator.set_fault(name, share)
                {
                    // Together with the others it would hit more calls than there are.
                    self.faults.retain(|(of, _)| *of != number);
                    return Err(error.to_string());
                }
            }
            Happening::Crash { .. } | Happening::Wall(_) | Happening::Client { .. } | Happening::Operator(_) => {}
        }
        Ok(())
    }

    /// The lie that is told.
    pub(super) fn lie(&self) -> Option<Lie> {
        self.lies.last().map(|(_, lie)| *lie)
    }

    pub(super) fn has_fault(&self, name: &str) -> bool {
        self.faults.iter().any(|(_, (of, _))| of == name)
    }

    /// What the disk does not do.
    pub(super) fn disk(&self) -> Option<DiskTrouble> {
        self.disks.last().map(|(_, trouble)| *trouble)
    }

    /// How a receiver over HTTP behaves.
    pub(super) fn mood(&self, receiver: &str) -> Mood {
        let of = self.moods.iter().rev().find(|(_, (name, _))| *name == receiver);
        of.map_or(Mood::Good, |(_, (_, mood))| *mood)
    }
}

fn set<T>(all: &mut Vec<(usize, T)>, number: usize, is_begin: bool, value: impl FnOnce() -> T) {
    all.retain(|(of, _)| *of != number);
    if is_begin {
        all.push((number, value()));
    }
}
