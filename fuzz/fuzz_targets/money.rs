//! The target `money` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| balancewatch_fuzz::targets::money::try_input(data));
