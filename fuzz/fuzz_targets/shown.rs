//! The target `shown` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| balancewatch_fuzz::targets::shown::try_input(data));
