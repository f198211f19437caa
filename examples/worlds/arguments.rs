//! What the command line says.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use balancewatch::worlds::form::{Form, Kind};
use clap::Parser;
use jiff::SignedDuration;

/// Play simulated worlds and check what must hold in each.
///
/// A world is months of a reseller's life with everything going wrong, made from a seed; the same seed gives the same world. What
/// breaks a promise is printed with its seed, the command that repeats it, the shortest form of it, and the story of its last hours.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  worlds                                        100 virtual days, from seed 1
  worlds --seed 46 --days 225 --world-days 5    a third of what CI plays
  worlds --for 8h --seed 100000                 a night, over seeds that nobody has seen
  worlds --seed 17                              one world again
  worlds --seed 17 --world-days 2 --only 3,17   its shortest form: nothing happens but what has these numbers
  worlds --seed 17 --without crash,disk         does it take a crash or a bad disk?
  worlds --days 1000 --stop-at-first --as-found  how long until anything breaks

Exit codes: 0 everything held; 1 something did not, a world panicked, or one hung.")]
pub struct Arguments {
    /// Play until so much real time has passed, such as 8h
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, conflicts_with = "days")]
    pub long: Option<Duration>,
    /// Play so many virtual days, over all worlds together
    #[arg(long, value_name = "N")]
    pub days: Option<u64>,
    /// The first seed; alone, the only one
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Virtual days of each world
    #[arg(long, value_name = "N", default_value = "10")]
    pub world_days: NonZeroU32,
    /// Clients of each world, instead of as many as its seed says
    #[arg(long, value_name = "N")]
    pub clients: Option<u32>,
    /// Let each client run dry and pay each day, with bounds that let all of them be changed
    #[arg(long)]
    pub many_changes: bool,
    /// Leave out these kinds: fault, lie, mood, mail, disk, crash, wall, client, operator
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub without: Vec<Kind>,
    /// Let nothing happen but what has these numbers, or `nothing`
    #[arg(long, value_name = "NUMBERS")]
    pub only: Option<Numbers>,
    /// Play so many worlds at once
    #[arg(long, value_name = "N", default_value = "1")]
    pub jobs: NonZeroU32,
    /// End with the first world that breaks something
    #[arg(long)]
    pub stop_at_first: bool,
    /// Look only at these promises: noticed, delivered, episodes, bounded, enforced, states, calls, well
    #[arg(long, value_name = "PROMISE", value_delimiter = ',')]
    pub promises: Vec<String>,
    /// Look for no shorter form, and tell no story
    #[arg(long)]
    pub as_found: bool,
    /// How long to look for the shortest form of each failure
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "2m")]
    pub shrink_for: Duration,
    /// Tell what happened in so long a time before a promise was broken
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "12h")]
    pub story: Duration,
}

impl Arguments {
    pub fn form(&self, seed: u64) -> Form {
        Form {
            seed,
            days: self.world_days.get(),
            clients: self.clients,
            many_changes: self.many_changes,
            without: self.without.clone(),
            only: self.only.clone().map(|numbers| numbers.0),
        }
    }

    pub fn first_seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// How many worlds are played; `None`: as many as there is time for.
    pub fn worlds(&self) -> Option<u64> {
        match (self.long, self.days, self.seed) {
            (Some(_), _, _) => None,
            (None, Some(days), _) => Some(days.div_ceil(u64::from(self.world_days.get()))),
            (None, None, Some(_)) => Some(1),
            (None, None, None) => Some(100_u64.div_ceil(u64::from(self.world_days.get()))),
        }
    }
}

/// Numbers of happenings.
#[derive(Clone, Debug)]
pub struct Numbers(Vec<usize>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "nothing" {
            return Ok(Self(Vec::new()));
        }
        let numbers: Result<Vec<usize>, _> = text.split(',').map(str::parse).collect();
        numbers
            .map(Self)
            .map_err(|_| "expected numbers such as 3,17, or nothing".to_owned())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: Option<SignedDuration> = text.parse().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "expected a duration such as 90s, 10m or 8h".to_owned())
}
