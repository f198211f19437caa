//! What the targets share: amounts worked out digit by digit, JSON read plainly, and passwords in the forms in which a server
//! may repeat them. Uses nothing of the program: what it checks must not be its own measure.

pub mod canary;
pub mod decimal;
pub mod texts;
pub mod wire;

// The counting that every piece is built with needs libFuzzer, in the tests of the measures too.
#[cfg(test)]
use libfuzzer_sys as _;
