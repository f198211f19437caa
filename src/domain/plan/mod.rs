//! The enforcement plan: what is wanted, whether it may be done now, what exactly would be sent, and whether what
//! came of it is what was meant.
//!
//! Planning has no access to the world and carrying out (`enforce`) has no choices to make. Every decision has its
//! reason. Nothing here sends, stores or reads a clock.
//!
//! The steps, in the order in which they are used:
//!
//! 1. [`intents`](intents()): what the firing alerts ask for, one intent per client at most.
//! 2. [`World::decide`]: whether an intent may be carried out now, by the [`Guards`] of the configuration and the
//!    [`Orders`] of people; [`plan`](fn@plan) does it for all of them, in the order of [`Intent::rank`], as `plan` shows it.
//! 3. [`prepare`]: the record to send, made from the record as it was read a moment ago; or the refusal. [`overlay`] is
//!    the same for whatever fields a person changes.
//! 4. [`compare`]: the fields that are not as they were meant to be.

pub mod decision;
pub mod fitness;
pub mod guards;
pub mod intents;
pub mod orders;
pub mod record;
pub mod send;
pub mod standing;

pub use decision::{Canary, Decision, World, plan};
pub use fitness::{Passwords, fit};
pub use guards::{Approvals, Caps, Guards, Protected};
pub use intents::{Back, Fleet, Intent, Request, Warned, intents};
pub use orders::{Orders, person};
pub use record::{Field, Oddity, Read, Record};
pub use send::{
    Country, FRESH_FOR, compare, confirms, contradiction, differing, meaning, overlay, prepare, resolve, shows_password,
};
pub use standing::{fulfilled, outdated, still_called_for};

#[cfg(test)]
mod tests;
