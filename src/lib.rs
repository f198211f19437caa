//! `balancewatch` watches the prepaid balances of a VoIP.ms reseller's clients, warns the right people before a
//! client runs dry, and can switch a client to hard balance management when its money is gone or being stolen.
//!
//! # The map, in reading order
//!
//! - [`domain`]: PURE. Money, clients, policies; in `judge` verdicts, the life cycle of alerts and who is told what; in
//!   `plan` enforcement. Plain values and the time go in, decisions with their reasons come out.
//! - [`voipms`]: the reseller API as a typed client: wire quirks, errors, retries of reads, pacing. No policy.
//! - [`store`]: what must survive a crash, in the words of the domain.
//! - [`monitor`]: the sweep: due, fetch, judge, commit.
//! - [`notify`]: drains the outbox through channels; what a letter says is pure.
//! - [`enforce`]: carries out a plan step by step; makes no choices.
//! - [`config`]: file format to validated settings; gathers every problem.
//! - [`daemon`]: builds the above and runs them until told to stop.
//! - [`simulator`]: the reseller API as a server. Shares no code with [`voipms`], so that one mistake cannot hide in both.
//! - [`mail_catcher`]: a mail server that keeps what it is given, for the demo, `simulate` and tests.
//! - [`world`]: a simulator and a mail catcher on ports of loopback, for the demo and for tests.
//! - [`worlds`]: simulated worlds: the whole program on virtual time, with everything going wrong, and what must hold all the same.
//! - [`demo`]: simulator, daemon and mail catcher in one process, and the story.
//! - [`view`]: PURE. What is shown, with its sentences; commands, pages and JSON are its clothes.
//! - [`desk`]: what people look up and decide, over the store; the one place behind commands, pages and JSON.
//! - [`web`]: the listener: pages, JSON, Alertmanager's API, metrics, health. It decides nothing.
//! - [`cli`]: one file per command; the only place that prints to standard output.
//! - [`vitals`]: what a running daemon says of itself.
//! - Leaves everybody may use: [`clock`], [`links`] (in messages, some with a right), [`metrics`] (every metric in one place), [`net`], [`redact`] (the one hunt for secrets in foreign text), [`regular`]
//!   (files that are files), [`telemetry`].
//!
//! # The walk of one reading, from the wire to the mail
//!
//! 1. [`daemon`] ticks. [`monitor`] asks [`domain::due`] who is due, and fetches, a few clients at a time.
//! 2. [`voipms::Client`] waits for its turn ([`voipms::pace`]), sends over a [`voipms::Wire`] and reads the answer: a reading,
//!    or an error, which is never a balance.
//! 3. [`domain::judge`] takes the reading through [`verdict`](domain::judge::verdict) (what each policy says),
//!    [`lifecycle`](domain::judge::lifecycle) (how that moves the alert) and [`audience`](domain::judge::audience) (who is told).
//! 4. [`domain::plan`] says which changes are wanted of the provider, and which are refused.
//! 5. [`monitor`] commits the batch to the [`store`]: readings, alerts, notifications and plans, in one transaction.
//! 6. [`notify::outbox`] wakes up and takes what is due. [`notify::letter`] writes it, a channel such as [`notify::email`]
//!    delivers it, and what came of it is stored.
//! 7. [`enforce`] wakes up, too: it looks at the record, changes one field, reads back, and hands what came of it to 3.
//! 8. [`view`] shows whoever asks what was read, judged, told and changed.
//!
//! # Invariants
//!
//! - Nothing is sent and nothing is changed that was not first written down: one store transaction per batch holds
//!   readings, alert states, notifications owed and enforcements planned.
//! - A missing balance is not zero: a bad answer is an error for that client, never a reading, and changes no alert.
//! - No float touches an amount, from the wire to the database to the mail.
//! - `domain` reads no clock, no environment, no randomness and does no I/O; `tests/it/tidy/` enforces it,
//!   and the direction of imports.

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod desk;
pub mod domain;
pub mod enforce;
pub mod links;
pub mod mail_catcher;
pub mod metrics;
pub mod monitor;
pub mod net;
pub mod notify;
pub mod redact;
pub mod regular;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod vitals;
pub mod voipms;
pub mod web;
pub mod world;
pub mod worlds;
