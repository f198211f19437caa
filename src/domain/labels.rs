//! What an alert is called by Alertmanager and everybody who speaks its formats: labels, which are its identity. Holds nothing
//! that changes while it fires. Pure.

use std::collections::BTreeMap;

use super::{AccountName, ClientId, PolicyName, Severity};

/// Names and values, in the order in which Alertmanager hashes them.
pub type Names = BTreeMap<&'static str, String>;

/// `alertname` (the policy), `account`, `client` and `severity` of an alert: the same for as long as it fires.
#[must_use]
pub fn labels(account: &AccountName, client: &ClientId, policy: &PolicyName, severity: Severity) -> Names {
    Names::from([
        ("alertname", policy.to_string()),
        ("account", account.to_string()),
        ("client", client.to_string()),
        ("severity", severity.as_str().to_owned()),
    ])
}

/// What Alertmanager calls an alert of these labels: FNV-1a over names and values in the order of the names.
#[must_use]
pub fn fingerprint(labels: &Names) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in labels.iter().flat_map(|(name, value)| [name, value.as_str()]) {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn a_fingerprint_is_alertmanagers_own() {
        let labels = [("alertname", "test".to_owned())].into();
        assert_eq!(fingerprint(&labels), "1f56cb8f931d1bd4");
    }
}
