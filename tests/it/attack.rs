//! What was done to the running program to break it: each of these once showed a fault.

mod disk;
mod echo;
mod letters;
