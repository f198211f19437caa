//! Simulated worlds: months of a reseller's life in seconds, from one seed. The program is the real one, with a real store; its API is
//! the simulator, its receivers are servers of this process, and its time is the runtime's own, which moves on whenever nothing is
//! left to do. Nothing waits in real time, and a world of one seed goes the same way every time.
//!
//! In reading order: [`plan`] (what is to happen), [`guards`] (what bounds changes), [`channels`] (who wants to hear what), [`seed`] and `changes`
//! (what that is, from a seed), [`world`] (all that is there, and what happens), `force` (what is wrong now), [`played`] (what it leaves), `life` (the program: started, killed, started again), `net` (what it reaches), `upstream` (the API, `lies` and what is written by it), `receivers` (who is told), `disk` (the store's),
//! `people` (clients and operators), [`log`] (what the world saw, which is all that checks may believe), [`told`] (what receivers
//! were told, read from that), [`growth`] (what it grows by), [`checks`] (what must hold), [`rehearse`] (the face of it: somebody's own configuration),
//! [`form`] (a world in few words), [`shrink`] (the shortest that still fails), [`story`] (what happened, for people).

mod changes;
pub mod channels;
pub mod checks;
mod disk;
mod force;
pub mod form;
pub mod growth;
pub mod guards;
mod lies;
mod life;
pub mod log;
mod net;
mod people;
pub mod plan;
pub mod played;
mod receivers;
pub mod rehearse;
pub mod seed;
pub mod shrink;
pub mod story;
pub mod told;
mod upstream;
pub mod world;

pub use plan::Plan;
pub use world::{Played, play};
