//! Conformance of the simulator to the wire, fact by fact: requests written by hand over TCP, answers compared as bytes.
//! No HTTP or JSON library stands between and none of the program's client, so that a mistake which the client shares
//! with the simulator cannot hide.
//!
//! A module per section of what is known of the API; each case opens with its section and how sure the fact is:
//! `[D]` documented, `[L]` observed live, `[I]` inferred, `[U]` unknown (then with every value of its switch), `[C]`
//! what this project promises by itself. [`points`] is the index, and checks that nothing is missing.

mod command;
mod defaults;
mod faults;
mod points;
mod raw;
mod s1_access;
mod s1_addresses;
mod s1_answers;
mod s1_edges;
mod s1_transport;
mod s2_functions;
mod s3_balance_management;
mod s3_suspension;
mod s4_countries_passwords;
mod s5_money_time;
mod s6_set_client;
mod s7_limits;
mod s8_ledger_days;
mod s8_time_zone;
mod sim;
