//! What was done to the running program to break it: each of these once showed a fault.

mod dead;
mod disk;
mod echo;
mod faked;
mod files;
mod letters;
mod payloads;
