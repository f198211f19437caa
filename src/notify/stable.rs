//! A short name for a long id, the same in every version and on every machine. Keeps no secret.

/// FNV-1a of 128 bits. Ids of messages hold addresses and characters that a Message-ID may not have; this is short,
/// safe, and the same in every version and on every machine, which is what makes a repeat recognisable.
pub fn stable_hash(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes()
        .fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::stable_hash;

    #[test]
    fn the_hash_is_the_published_one() {
        // Test vectors of the FNV draft (draft-eastlake-fnv).
        assert_eq!(stable_hash(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(stable_hash("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(stable_hash("foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }
}
