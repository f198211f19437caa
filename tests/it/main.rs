//! The one binary of integration tests: a module per subject, linked once.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helper functions too"
)]

mod alertmanager;
mod api;
mod attack;
mod channels;
mod commands;
mod config;
mod confined;
mod demo;
mod enforce;
mod heartbeat;
mod journey;
mod kills;
mod program;
mod prometheus;
mod service;
mod systemd;
mod tidy;
mod web;
mod wire;
mod worlds;
