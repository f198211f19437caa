//! Simulator, daemon and mail catcher in one process, and the story they tell.

pub mod mail_catcher;
