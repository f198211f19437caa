//! A world in few words: a seed, and what is left out of what it makes. What fails is told, repeated and made shorter in this form.

use std::fmt;
use std::str::FromStr;

use super::plan::{Happening, Plan};
use super::{changes, seed};

/// What makes a world, as one writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub seed: u64,
    pub days: u32,
    /// How many clients; `None`: as many as the seed says.
    pub clients: Option<u32>,
    /// Whether each client is to be changed each day.
    pub many_changes: bool,
    /// Kinds of happenings that do not come to pass.
    pub without: Vec<Kind>,
    /// Numbers of the only happenings that do; `None`: all.
    pub only: Option<Vec<usize>>,
}

impl Form {
    /// The whole world of a seed.
    #[must_use]
    pub fn whole(seed: u64, days: u32) -> Self {
        Self {
            seed,
            days,
            clients: None,
            many_changes: false,
            without: Vec::new(),
            only: None,
        }
    }

    #[must_use]
    pub fn plan(&self) -> Plan {
        let mut plan = seed::plan(self.seed, self.days);
        if self.many_changes {
            changes::many(&mut plan);
        }
        plan.clients = self.clients.unwrap_or(plan.clients);
        plan.happenings.retain(|planned| {
            let is_kept = self
                .only
                .as_ref()
                .is_none_or(|numbers| numbers.contains(&planned.number));
            is_kept && !self.without.contains(&Kind::of(&planned.what))
        });
        plan
    }
}

/// As options of the example `worlds`.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {} --world-days {}", self.seed, self.days)?;
        if let Some(clients) = self.clients {
            write!(f, " --clients {clients}")?;
        }
        if self.many_changes {
            write!(f, " --many-changes")?;
        }
        if !self.without.is_empty() {
            let kinds: Vec<&str> = self.without.iter().map(|kind| kind.name()).collect();
            write!(f, " --without {}", kinds.join(","))?;
        }
        match self.only.as_deref() {
            None => Ok(()),
            Some([]) => write!(f, " --only nothing"),
            Some(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                write!(f, " --only {}", numbers.join(","))
            }
        }
    }
}

/// A kind of happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Fault,
    Lie,
    Mood,
    Mail,
    Disk,
    Crash,
    Wall,
    Client,
    Operator,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Fault,
        Self::Lie,
        Self::Mood,
        Self::Mail,
        Self::Disk,
        Self::Crash,
        Self::Wall,
        Self::Client,
        Self::Operator,
    ];

    #[must_use]
    pub fn of(what: &Happening) -> Self {
        match what {
            Happening::Fault { .. } => Self::Fault,
            Happening::Lie(_) => Self::Lie,
            Happening::Mood { .. } => Self::Mood,
            Happening::Mail(_) => Self::Mail,
            Happening::Disk(_) => Self::Disk,
            Happening::Crash { .. } => Self::Crash,
            Happening::Wall(_) => Self::Wall,
            Happening::Client { .. } => Self::Client,
            Happening::Operator(_) => Self::Operator,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Lie => "lie",
            Self::Mood => "mood",
            Self::Mail => "mail",
            Self::Disk => "disk",
            Self::Crash => "crash",
            Self::Wall => "wall",
            Self::Client => "client",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("no such kind of happening; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_left_out() {
        let whole = Form::whole(7, 3);
        assert_eq!(whole.to_string(), "--seed 7 --world-days 3");
        let short = Form {
            clients: Some(2),
            many_changes: true,
            without: vec![Kind::Disk, Kind::Wall],
            only: Some(vec![0, 4]),
            ..whole
        };
        let said = "--seed 7 --world-days 3 --clients 2 --many-changes --without disk,wall --only 0,4";
        assert_eq!(short.to_string(), said);
        let numbers: Vec<usize> = short.plan().happenings.iter().map(|planned| planned.number).collect();
        assert!(numbers.iter().all(|number| [0, 4].contains(number)), "{numbers:?}");
        assert_eq!(short.plan().clients, 2);
    }

    /// Or the numbers of a world made shorter would mean something else.
    #[test]
    fn fewer_days_are_the_beginning_of_more() {
        let (short, long) = (Form::whole(3, 2).plan(), Form::whole(3, 5).plan());
        let said =
            |plan: &Plan| -> Vec<String> { plan.happenings.iter().map(|planned| format!("{planned:?}")).collect() };
        assert!(said(&long).starts_with(&said(&short)));
    }

    #[test]
    fn kinds_are_read_by_their_names() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("fire".parse::<Kind>().is_err());
    }
}
