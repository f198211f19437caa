//! What is said in the log of alerts that fire and end: one line each, once it is written down; each is counted, too. No
//! addresses, and nothing that a person must decode.

use crate::domain::AccountName;
use crate::domain::judge::rows::{How, Moved};
use crate::metrics;

/// So many are told one by one in one sweep. A fleet that falls at once would fill the log with what `alerts` shows better,
/// and push out of it what led to that.
pub const MOST_TOLD: usize = 50;

/// Tells of those that moved, and of the first that are too many. `told`: how many were told before.
pub fn tell(account: &AccountName, moved: &[Moved], told: usize) {
    for Moved { policy, how, .. } in moved {
        metrics::alert_moved(account.as_str(), policy.as_str(), how.as_str());
    }
    for Moved {
        client,
        policy,
        severity,
        episode,
        how,
        reason,
    } in moved.iter().take(MOST_TOLD.saturating_sub(told))
    {
        let severity = severity.as_str();
        match how {
            How::Fired => tracing::info!(%account, %client, %policy, severity, %episode, reason, "an alert fires"),
            How::Resolved => tracing::info!(%account, %client, %policy, severity, %episode, reason, "an alert is over"),
            How::Withdrawn => {
                tracing::info!(%account, %client, %policy, severity, %episode, reason, "an alert is withdrawn")
            }
        }
    }
    if told <= MOST_TOLD && told + moved.len() > MOST_TOLD {
        tracing::info!(%account, "more alerts fire or end in this sweep than are told one by one: see `balancewatch alerts`");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::{How, MOST_TOLD, Moved, tell};
    use crate::domain::alert::EpisodeId;
    use crate::domain::testing::at;
    use crate::domain::{AccountName, ClientId, PolicyName, Severity};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn account() -> AccountName {
        AccountName::new("main").unwrap()
    }

    fn moved(number: usize) -> Moved {
        let (client, policy) = (
            ClientId::new(&number.to_string()).unwrap(),
            PolicyName::new("low-balance").unwrap(),
        );
        Moved {
            episode: EpisodeId::new(&account(), &client, &policy, at(0)),
            client,
            policy,
            severity: Severity::Warning,
            how: How::Fired,
            reason: "the balance 5.00 is below 10.00 (threshold)".to_owned(),
        }
    }

    /// What the log says of sweeps that wrote so many in each of their batches.
    fn told(batches: &[usize]) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut told = 0;
            for batch in batches {
                let moved: Vec<Moved> = (0..*batch).map(moved).collect();
                tell(&account(), &moved, told);
                told += batch;
            }
        });
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn each_is_a_line_and_the_many_of_one_sweep_are_not() {
        for (batches, lines) in [
            (&[0][..], 0),
            (&[1], 1),
            (&[MOST_TOLD], MOST_TOLD),
            (&[MOST_TOLD, 1, 1], MOST_TOLD + 1),
            (&[256, 256, 256], MOST_TOLD + 1),
        ] {
            let log = told(batches);
            assert_eq!(log.lines().count(), lines, "{batches:?}: {log}");
        }
        let log = told(&[1]);
        let line = "INFO balancewatch::monitor::moved: an alert fires account=main client=0 policy=low-balance \
                    severity=\"warning\" episode=main.0.low-balance.";
        assert!(log.contains(line), "{log}");
        assert!(
            log.ends_with("reason=\"the balance 5.00 is below 10.00 (threshold)\"\n"),
            "{log}"
        );
    }
}
