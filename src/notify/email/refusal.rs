//! Whose a refusal is: the table of stages and status codes. Pure.

use super::stage::Stage;
use crate::notify::delivery::Scope;

/// An enhanced status code without its class, which is the code's: 5.1.10 is 1 and 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced {
    /// What it is about: 1 addresses, 2 mailboxes, 3 the system, 4 the network, 5 the protocol, 6 content, 7 policy.
    pub subject: u16,
    pub detail: u16,
}

/// Whom a refusal for good belongs to (SEMANTICS, "Delivery"). The enhanced code decides where there is one; what no
/// rule names waits: nothing dies of a reason that nobody understands.
pub(super) fn scope(stage: Stage, code: u16, enhanced: Option<Enhanced>) -> Scope {
    let reason = enhanced.map(|Enhanced { subject, detail }| (subject, detail));
    // The mail itself: too large, or of a kind that the server does not take.
    let is_of_the_mail = matches!(reason, Some((3, 4) | (6, _)));
    match stage {
        Stage::Sender if is_of_the_mail => Scope::Message,
        Stage::Connect | Stage::Tls | Stage::Greeting | Stage::Login | Stage::Sender => Scope::Channel,
        Stage::Recipient | Stage::Data => match reason {
            _ if is_of_the_mail => Scope::Message,
            Some((1, 1 | 2 | 3 | 6 | 10) | (2, _)) => Scope::Message,
            Some((1, 7 | 8) | (4 | 5 | 7, _)) => Scope::Shared,
            // 556: the domain takes no mail at all (RFC 7504).
            _ if code == 556 => Scope::Message,
            _ if code == 550 => Scope::Unclear,
            _ => Scope::Shared,
        },
        // The network's refusals are quotas, also here; everything else is said of this mail.
        Stage::Content if matches!(reason, Some((4, _))) => Scope::Shared,
        Stage::Content => Scope::Message,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stage::Stage;
    use super::{Enhanced, scope};
    use crate::notify::delivery::Scope;

    const STAGES: [Stage; 8] = [
        Stage::Connect,
        Stage::Tls,
        Stage::Greeting,
        Stage::Login,
        Stage::Sender,
        Stage::Recipient,
        Stage::Data,
        Stage::Content,
    ];

    /// Every stage by every kind of answer. In the row: whose it is at MAIL FROM, at RCPT and DATA, and at the dot;
    /// up to AUTH it is always the channel's.
    #[test]
    fn whom_a_refusal_belongs_to() {
        const OWN: Scope = Scope::Message;
        const ALL: Scope = Scope::Channel;
        const SHARED: Scope = Scope::Shared;
        const UNSAID: Scope = Scope::Unclear;
        let rows: [(&str, &[u16], Scope, Scope, Scope); 32] = [
            ("1.1", &[550, 553, 554], ALL, OWN, OWN),
            ("1.2", &[550], ALL, OWN, OWN),
            ("1.3", &[501, 550, 553], ALL, OWN, OWN),
            ("1.6", &[550, 551], ALL, OWN, OWN),
            ("1.10", &[550, 556], ALL, OWN, OWN),
            ("2.0", &[550], ALL, OWN, OWN),
            ("2.1", &[550], ALL, OWN, OWN),
            ("2.2", &[552], ALL, OWN, OWN),
            ("2.3", &[552], ALL, OWN, OWN),
            ("3.4", &[552, 554], OWN, OWN, OWN),
            ("6.0", &[554], OWN, OWN, OWN),
            ("6.7", &[553], OWN, OWN, OWN),
            ("1.7", &[550, 553], ALL, SHARED, OWN),
            ("1.8", &[550, 553], ALL, SHARED, OWN),
            ("4.1", &[550], ALL, SHARED, SHARED),
            ("4.5", &[550], ALL, SHARED, SHARED),
            ("4.6", &[554], ALL, SHARED, SHARED),
            ("5.0", &[500], ALL, SHARED, OWN),
            ("5.1", &[503], ALL, SHARED, OWN),
            ("5.2", &[501], ALL, SHARED, OWN),
            ("5.4", &[555], ALL, SHARED, OWN),
            ("7.0", &[530, 550], ALL, SHARED, OWN),
            ("7.1", &[550, 554], ALL, SHARED, OWN),
            ("7.26", &[550], ALL, SHARED, OWN),
            // What no rule names: as without a reason.
            ("0.0", &[550], ALL, UNSAID, OWN),
            ("1.0", &[550], ALL, UNSAID, OWN),
            ("3.0", &[550], ALL, UNSAID, OWN),
            ("9.9", &[550], ALL, UNSAID, OWN),
            ("1.0", &[551, 553, 554], ALL, SHARED, OWN),
            ("", &[550], ALL, UNSAID, OWN),
            (
                "",
                &[
                    500, 501, 502, 503, 504, 521, 530, 535, 551, 552, 553, 554, 555, 571, 599,
                ],
                ALL,
                SHARED,
                OWN,
            ),
            ("", &[556], ALL, OWN, OWN),
        ];
        for (reason, codes, sender, recipient, content) in rows {
            let enhanced = reason.split_once('.').map(|(subject, detail)| Enhanced {
                subject: subject.parse().unwrap(),
                detail: detail.parse().unwrap(),
            });
            for code in codes {
                for stage in STAGES {
                    let expected = match stage {
                        Stage::Sender => sender,
                        Stage::Recipient | Stage::Data => recipient,
                        Stage::Content => content,
                        _ => ALL,
                    };
                    assert_eq!(scope(stage, *code, enhanced), expected, "{stage:?} {code} 5.{reason}");
                }
            }
        }
    }
}
