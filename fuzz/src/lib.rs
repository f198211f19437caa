//! The fuzz targets, and what they measure by: amounts worked out digit by digit, JSON read plainly, and passwords in the
//! forms in which a server may repeat them. A measure uses nothing of the program: what it checks must not be its own
//! measure.

pub mod canary;
pub mod decimal;
pub mod targets;
pub mod texts;
pub mod wire;

#[cfg(test)]
mod replay;

// The counting that every piece is built with needs libFuzzer, in tests too.
#[cfg(test)]
use libfuzzer_sys as _;
