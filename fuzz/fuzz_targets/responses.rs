//! The target `responses` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| balancewatch_fuzz::targets::responses::try_input(data));
