//! `balancewatch` watches the prepaid balances of a VoIP.ms reseller's clients, warns the right people before a
//! client runs dry, and can switch a client to hard balance management when its money is gone or being stolen.
//!
//! # The map, in reading order
//!
//! - [`domain`]: PURE. Money, clients, policies, verdicts, the life cycle of alerts, who is told what, the
//!   enforcement plan. Plain values and the time go in, decisions with their reasons come out.
//! - [`voipms`]: the reseller API as a typed client: wire quirks, errors, retries of reads, pacing. No policy.
//! - [`store`]: what must survive a crash, in the words of the domain.
//! - [`monitor`]: the sweep: due, fetch, decide, commit.
//! - [`notify`]: drains the outbox; rendering is pure.
//! - [`enforce`]: carries out a plan step by step; makes no choices.
//! - [`config`]: file format to validated settings; gathers every problem.
//! - [`daemon`]: builds the above and runs them until told to stop.
//! - [`simulator`]: the reseller API as a server. Shares no code with [`voipms`], so that one mistake cannot hide in both.
//! - [`mail_catcher`]: a mail server that keeps what it is given, for the demo, `simulate` and tests.
//! - [`world`]: a simulator and a mail catcher on ports of loopback, for the demo and for tests.
//! - [`demo`]: simulator, daemon and mail catcher in one process, and the story.
//! - [`view`]: PURE. What is shown, with its sentences; commands, pages and JSON are its clothes.
//! - [`cli`]: one file per command; the only place that prints to standard output.
//! - Leaves everybody may use: [`clock`], [`net`], [`redact`] (the one hunt for secrets in foreign text), [`regular`]
//!   (files that are files), [`telemetry`].
//!
//! # Invariants
//!
//! - Nothing is sent and nothing is changed that was not first written down: one store transaction per batch holds
//!   readings, alert states, notifications owed and enforcements planned.
//! - A missing balance is not zero: a bad answer is an error for that client, never a reading, and changes no alert.
//! - No float touches an amount, from the wire to the database to the mail.
//! - `domain` reads no clock, no environment, no randomness and does no I/O; `tests/it/tidy.rs` enforces it,
//!   and the direction of imports.

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod domain;
pub mod enforce;
pub mod mail_catcher;
pub mod monitor;
pub mod net;
pub mod notify;
pub mod redact;
pub mod regular;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod voipms;
pub mod world;
