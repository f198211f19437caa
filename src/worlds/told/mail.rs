//! A mail of the program as its reader sees it: the subject, and the text that stands before the page.

use crate::mail_catcher::{decoded, unencoded, unquoted};

/// Subject and plain text of a mail.
pub(super) fn subject_and_text(mail: &str) -> (String, String) {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let unfolded = head.replace("\r\n\t", " ").replace("\r\n ", " ");
    let subject = unfolded.split("\r\n").find_map(|line| line.strip_prefix("Subject: "));
    (
        unencoded(subject.unwrap_or_default()),
        plain_text(mail).unwrap_or_default(),
    )
}

/// The part that is text; `None`: there is none.
fn plain_text(mail: &str) -> Option<String> {
    let part = |kind: &str| {
        let at = mail.find(&format!("\r\nContent-Type: {kind}"))?;
        mail[..at].rfind("\r\n--")
    };
    let begin = part("text/plain")?;
    let end = part("text/html").filter(|end| *end > begin).unwrap_or(mail.len());
    let (head, body) = mail[begin..end].trim_start().split_once("\r\n\r\n")?;
    let text = if head.contains("base64") {
        decoded(&body.replace("\r\n", ""))?
    } else if head.contains("quoted-printable") {
        unquoted(body)
    } else {
        body.to_owned()
    };
    Some(text.replace("\r\n", "\n"))
}
