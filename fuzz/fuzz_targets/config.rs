//! The target `config` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| balancewatch_fuzz::targets::config::try_input(data));
