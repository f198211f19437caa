//! What tests of the mirror share.

use crate::notify::labels::Labelled;

/// The alert `low-balance` of a client.
pub fn labelled(client: i32, summary: &str) -> Labelled {
    let labels = [
        ("alertname", "low-balance".to_owned()),
        ("account", "main".to_owned()),
        ("client", client.to_string()),
        ("severity", "warning".to_owned()),
    ];
    Labelled {
        labels: labels.into(),
        annotations: [("summary", summary.to_owned())].into(),
        page: String::new(),
    }
}
