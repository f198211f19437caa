//! The newest of what several accounts have.

use std::cmp::Reverse;

use jiff::Timestamp;

/// Makes one list of those of each account, newest first, at most `limit` of them. Those of one account keep their order:
/// a clock that was set back must not shuffle it.
pub fn newest<R>(mut accounts: Vec<Vec<R>>, limit: usize, at: impl Fn(&R) -> Timestamp) -> Vec<R> {
    if let [_] = accounts[..] {
        return accounts.remove(0);
    }
    let mut rows: Vec<R> = accounts.into_iter().flatten().collect();
    rows.sort_by_key(|row| Reverse(at(row)));
    rows.truncate(limit);
    rows
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::newest;

    #[test]
    fn the_newest_of_all_accounts_come_first() {
        let merged = |accounts: &[&[i64]], limit| {
            let accounts = accounts.iter().map(|rows| rows.to_vec()).collect();
            newest(accounts, limit, |secs| Timestamp::from_second(*secs).unwrap())
        };
        assert_eq!(merged(&[&[5, 3], &[4, 1]], 3), [5, 4, 3]);
        assert_eq!(merged(&[&[3, 5]], 2), [3, 5], "one account keeps its order");
        assert_eq!(merged(&[], 2), [] as [i64; 0]);
    }
}
