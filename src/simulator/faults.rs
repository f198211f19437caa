//! What can go wrong, in one table, and how often. A fault hits a share of calls, or the same clients at every call.
//! Deciding is all that happens here; `exchange.rs` acts on it.

use super::functions;
use super::options::{OptionsError, did_you_mean};
use super::settings::Certainty;
use super::world::chance::{Dice, Share, Topic};

/// When a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the call is looked at: it has no effect.
    Front,
    /// After the method is known: a status instead of an effect.
    Status,
    /// After the effect: the answer suffers.
    Answer,
}

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Html503,
    Html403,
    Http429,
    Http500,
    Truncated,
    Empty,
    NullStatus,
    WrongTypes,
    Slow,
    ResetBefore,
    ResetAfter,
    Limit,
    Maintenance,
    Unavailable,
    Status,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) fault: Fault,
    pub(super) name: &'static str,
    pub(super) stage: Stage,
    pub(super) certainty: Certainty,
    pub(super) what: &'static str,
}

macro_rules! faults {
    ($($fault:ident $name:literal $stage:ident $certainty:ident: $what:literal;)*) => {
        pub(super) const TABLE: &[Row] = &[$(Row {
            fault: Fault::$fault,
            name: $name,
            stage: Stage::$stage,
            certainty: Certainty::$certainty,
            what: $what,
        },)*];
    };
}

faults! {
    Html503 "html-503" Front Observed: "HTTP 503 with Varnish's page";
    Html403 "html-403" Front Observed: "HTTP 403 with Cloudflare's page";
    Http429 "http-429" Front Inferred: "HTTP 429";
    Http500 "http-500" Front Observed: "HTTP 500";
    Truncated "truncated" Answer Observed: "the effect happens, the answer breaks off half-way";
    Empty "empty" Answer Observed: "the effect happens, the answer is HTTP 200 without a body";
    NullStatus "null-status" Status Observed: "{\"status\":null} at HTTP 200, no effect (July 2023)";
    WrongTypes "wrong-types" Answer Inferred: "the effect happens, no value of the answer has a type that it could have";
    Slow "slow" Answer Inferred: "the effect happens, the answer comes after slow-secs";
    ResetBefore "reset-before" Front Inferred: "the connection is reset, no effect";
    ResetAfter "reset-after" Answer Inferred: "the effect happens, then the connection is reset";
    Limit "limit" Status Documented: "`api_limit_exceeded`, no effect";
    Maintenance "maintenance" Status Documented: "`method_maintenance`, no effect";
    Unavailable "unavailable" Status Documented: "`unavailable_info`, no effect";
    Status "status" Status Documented: "the status that the setting fault-status names, no effect";
}

impl Fault {
    pub(super) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// Whom a fault hits.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Calls,
    Clients,
    /// Calls about this client.
    Client(Box<str>),
    /// Calls of this function.
    Function(&'static str),
}

#[derive(Clone, Debug)]
struct Rule {
    fault: Fault,
    target: Target,
    share: Share,
}

/// Most faults at a time: one for each client of a small world. Every call looks at each of them.
const MOST_RULES: usize = 1_000;

/// The faults in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Rule>);

/// What is known of a call when its fault is chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// Counts all calls from 0.
    pub(super) call: u64,
    pub(super) function: &'a str,
    /// The text of the parameter `client`.
    pub(super) client: Option<&'a str>,
}

/// What stands behind an `@`.
const TARGETS: &str = "behind the @ stands `clients`, a client's id or a function";

impl Faults {
    /// Sets one fault, `NAME`, `NAME@clients`, `NAME@ID` or `NAME@FUNCTION`; a share of 0 ends it.
    ///
    /// # Errors
    /// An unknown name or target, a share that is none, or shares of calls or of clients that add up to more than 1.
    pub(super) fn set(&mut self, name: &str, share: &str) -> Result<(), OptionsError> {
        let (kind, target) = name.split_once('@').unwrap_or((name, ""));
        let row = TABLE
            .iter()
            .find(|row| row.name == kind)
            .ok_or_else(|| OptionsError::UnknownFault {
                name: name.to_owned(),
                known: {
                    let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
                    did_you_mean(kind, names.iter().copied(), &format!("known: {}", names.join(", ")))
                },
            })?;
        let target = match target {
            "" if !name.contains('@') => Target::Calls,
            "clients" => Target::Clients,
            id if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => Target::Client(id.into()),
            function => Target::Function(functions::find(function).map(|found| found.name).ok_or_else(|| {
                OptionsError::UnknownTarget {
                    name: name.to_owned(),
                    accepted: {
                        let names = functions::FUNCTIONS.iter().map(|function| function.name);
                        did_you_mean(function, names.chain(["clients"]), TARGETS)
                    },
                }
            })?),
        };
        let share = Share::parse(share).ok_or_else(|| OptionsError::BadShare {
            name: name.to_owned(),
            share: share.to_owned(),
        })?;
        let mut rules = self.0.clone();
        rules.retain(|rule| rule.fault != row.fault || rule.target != target);
        let taken: u32 = rules
            .iter()
            .filter(|rule| rule.target == target)
            .map(|rule| rule.share.millionths())
            .sum();
        if taken + share.millionths() > Share::ALL.millionths() {
            return Err(OptionsError::SharesAddUp { name: name.to_owned() });
        }
        if share != Share::NONE {
            if rules.len() >= MOST_RULES {
                return Err(OptionsError::TooManyFaults { name: name.to_owned() });
            }
            rules.push(Rule {
                fault: row.fault,
                target,
                share,
            });
        }
        self.0 = rules;
        Ok(())
    }

    /// The fault of this call, if any. Shares of one target are stretches of one line, so they add up exactly and a
    /// client or call never has two.
    pub(super) fn choose(&self, dice: &Dice, caller: Caller<'_>) -> Option<Fault> {
        if self.0.is_empty() {
            return None;
        }
        // A client's place on the line comes from the seed and its id alone; ids are numbers, others count as 0.
        let client = caller.client.map(|text| text.parse::<u32>().unwrap_or_default());
        let of_client = client.map(|id| dice.throw(Topic::FaultOfClient, id, 0).millionth());
        let of_call = dice.throw(Topic::FaultOfCall, 0, caller.call).millionth();
        let hits = |wanted: fn(&Target, Caller<'_>) -> bool, place: u32| {
            let mut reached = 0;
            self.0
                .iter()
                .filter(|rule| wanted(&rule.target, caller))
                .find_map(|rule| {
                    reached += rule.share.millionths();
                    (place < reached).then_some(rule.fault)
                })
        };
        hits(
            |target, caller| matches!(target, Target::Client(id) if Some(&**id) == caller.client),
            of_call,
        )
        .or_else(|| {
            hits(
                |target, caller| *target == Target::Function(named(caller.function)),
                of_call,
            )
        })
        .or_else(|| of_client.and_then(|place| hits(|target, _| *target == Target::Clients, place)))
        .or_else(|| hits(|target, _| *target == Target::Calls, of_call))
    }

    /// Every fault in force with its share.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|rule| {
            let target = match &rule.target {
                Target::Calls => String::new(),
                Target::Clients => "@clients".to_owned(),
                Target::Client(id) => format!("@{id}"),
                Target::Function(name) => format!("@{name}"),
            };
            (format!("{}{target}", rule.fault.row().name), rule.share.to_string())
        })
    }
}

/// The table's own spelling of a function, to compare with a rule's; empty for unknown ones.
fn named(function: &str) -> &'static str {
    functions::find(function).map_or("", |found| found.name)
}

#[cfg(test)]
mod tests {
    use super::{Caller, Dice, Fault, Faults, OptionsError, TABLE};

    fn share_hit(faults: &Faults, calls: impl Iterator<Item = (u64, Option<String>)>) -> Vec<Option<Fault>> {
        let dice = Dice::new(1);
        calls
            .map(|(call, client)| {
                let caller = Caller {
                    call,
                    function: "getResellerBalance",
                    client: client.as_deref(),
                };
                faults.choose(&dice, caller)
            })
            .collect()
    }

    #[test]
    fn rows_stand_in_the_order_of_the_enum() {
        for row in TABLE {
            assert_eq!(row.fault.row().name, row.name);
        }
    }

    #[test]
    fn names_targets_and_shares_are_checked() {
        let mut faults = Faults::default();
        for (name, share, good) in [
            ("html-503", "0.5", true),
            ("slow", "0.5", true),
            ("empty", "0.000001", false),
            ("slow", "0.4", true),
            ("empty", "0.1", true),
            ("empty@clients", "1", true),
            ("empty@561115", "1", true),
            ("reset-after@setClient", "1", true),
            ("reset-after@noSuchFunction", "1", false),
            ("reset-after@", "0", false),
            ("html-504", "0.1", false),
            ("limit", "-1", false),
            ("limit", "0", true),
        ] {
            assert_eq!(faults.set(name, share).is_ok(), good, "{name}={share}");
        }
        assert!(
            !faults.all().any(|(name, _)| name == "limit"),
            "a share of 0 ends a fault"
        );
    }

    #[test]
    fn faults_are_bounded() {
        let mut faults = Faults::default();
        for id in 0..1_000 {
            faults.set(&format!("empty@{id}"), "1").unwrap();
        }
        let name = "empty@1000".to_owned();
        assert_eq!(
            faults.set(&name, "1"),
            Err(OptionsError::TooManyFaults { name: name.clone() })
        );
        faults.set("empty@7", "0.5").unwrap();
        faults.set("empty@7", "0").unwrap();
        faults.set(&name, "1").unwrap();
    }

    #[test]
    fn a_share_of_clients_is_the_same_clients_each_time() {
        let mut faults = Faults::default();
        faults.set("truncated@clients", "0.2").unwrap();
        faults.set("empty@clients", "0.1").unwrap();
        let ids = || (0..10_000_u64).map(|id| (id * 7, Some((561_115 + id).to_string())));
        let first = share_hit(&faults, ids());
        assert_eq!(first, share_hit(&faults, ids().map(|(call, id)| (call + 99, id))));
        let hit = |fault| first.iter().filter(|got| **got == Some(fault)).count();
        assert!((1_850..2_150).contains(&hit(Fault::Truncated)));
        assert!((900..1_100).contains(&hit(Fault::Empty)));
        assert_eq!(
            faults.choose(
                &Dice::new(1),
                Caller {
                    call: 1,
                    function: "getClients",
                    client: None
                }
            ),
            None
        );
    }

    #[test]
    fn a_share_of_calls_hits_that_share() {
        let mut faults = Faults::default();
        faults.set("limit", "0.05").unwrap();
        let hit = share_hit(&faults, (0..10_000).map(|call| (call, None)))
            .iter()
            .flatten()
            .count();
        assert!((400..600).contains(&hit), "{hit}");
    }

    #[test]
    fn a_fault_of_one_function_or_client_leaves_the_others_alone() {
        let dice = Dice::new(1);
        let mut faults = Faults::default();
        faults.set("reset-after@setClient", "1").unwrap();
        faults.set("empty@5", "1").unwrap();
        for (function, client, expected) in [
            ("setClient", Some("4"), Some(Fault::ResetAfter)),
            ("setClient", Some("5"), Some(Fault::Empty)),
            ("getClients", Some("4"), None),
            ("nonsense", None, None),
        ] {
            assert_eq!(
                faults.choose(
                    &dice,
                    Caller {
                        call: 0,
                        function,
                        client
                    }
                ),
                expected,
                "{function}"
            );
        }
    }
}
