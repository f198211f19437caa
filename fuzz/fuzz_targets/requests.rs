//! The target `requests` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| balancewatch_fuzz::targets::requests::try_input(data));
