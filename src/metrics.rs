//! Every metric of the program in one place, with its help and its unit; and the text that Prometheus reads.
//!
//! What happens is counted where it happens, for as long as the process lives: the functions here are called with plain
//! values. What is true at the moment is a [`Gauge`], computed by whoever answers a scrape and written by a [`Scrape`].
//!
//! Labels have few values: names of the configuration, functions of the API, words of this program. Never a name or an
//! address of a person, and the id of a client only in the three gauges that the operator asks for.

use std::fmt::{Display, Write as _};
use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

/// What a [`Scrape`] is written in.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From an account of ten clients to one of 50,000, which is asked for hours at the usual rate. More buckets would cost
/// a series per account each and tell nothing that decides anything.
const SWEEP_SECS: [f64; 10] = [1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0];

/// The API answers within half a second on a good day; the deadline of a call is half a minute.
const CALL_SECS: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A mail server on loopback takes milliseconds; the reply to the final dot may take ten minutes (RFC 5321).
const DELIVERY_SECS: [f64; 8] = [0.05, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0];

/// How sweeps end, the good way first.
const SWEEP_RESULTS: [&str; 3] = ["judged", "not_asked", "failed"];

/// What was counted since the process began.
struct Counted {
    registry: Registry,
    sweeps: IntCounterVec,
    sweep_secs: HistogramVec,
    api_requests: IntCounterVec,
    api_secs: HistogramVec,
    alert_transitions: IntCounterVec,
    notifications: IntCounterVec,
    delivery_secs: HistogramVec,
    enforcements: IntCounterVec,
    store_errors: IntCounter,
}

static COUNTED: LazyLock<Counted> = LazyLock::new(|| {
    let registry = Registry::new();
    let counter = |name: &str, help: &str, labels: &[&str]| {
        let counter = IntCounterVec::new(Opts::new(name, help), labels).expect(VALID);
        registry.register(Box::new(counter.clone())).expect(VALID);
        counter
    };
    let histogram = |name: &str, help: &str, labels: &[&str], buckets: &[f64]| {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let histogram = HistogramVec::new(options, labels).expect(VALID);
        registry.register(Box::new(histogram.clone())).expect(VALID);
        histogram
    };
    Counted {
        sweeps: counter(
            "balancewatch_sweeps_total",
            "Sweeps by how they ended: judged and written down, not_asked (the account could not be asked), failed (the store did not work).",
            &["account", "result"],
        ),
        sweep_secs: histogram(
            "balancewatch_sweep_duration_seconds",
            "How long judged sweeps took.",
            &["account"],
            &SWEEP_SECS,
        ),
        api_requests: counter(
            "balancewatch_api_requests_total",
            "Requests to the VoIP.ms API, repeated ones included, by function and by what came of them: success, a status code of the API, or the kind of the failure.",
            &["account", "function", "status"],
        ),
        api_secs: histogram(
            "balancewatch_api_request_duration_seconds",
            "How long requests to the VoIP.ms API took, good or not, without the wait for their turn.",
            &["account"],
            &CALL_SECS,
        ),
        alert_transitions: counter(
            "balancewatch_alert_transitions_total",
            "Alerts that began or ended: fired, resolved, withdrawn.",
            &["account", "policy", "transition"],
        ),
        notifications: counter(
            "balancewatch_notifications_total",
            "Messages by what became of them: delivered, probably-delivered, dead, dropped, merged; pending is a try that failed and is repeated.",
            &["account", "channel", "result"],
        ),
        delivery_secs: histogram(
            "balancewatch_delivery_duration_seconds",
            "How long tries to deliver a message took, good or not.",
            &["channel"],
            &DELIVERY_SECS,
        ),
        enforcements: counter(
            "balancewatch_enforcements_total",
            "Enforcements by how they ended: verified, already, refused, declined, differs, did-not-happen, unknown, cancelled.",
            &["account", "result"],
        ),
        store_errors: {
            let name = "balancewatch_store_errors_total";
            let counter = IntCounter::new(name, "Operations that the store did not do.").expect(VALID);
            registry.register(Box::new(counter.clone())).expect(VALID);
            counter
        },
        registry,
    }
});

/// Why nothing above can fail.
const VALID: &str = "names, labels and buckets are written here, and a test makes them all";

/// This account is watched: what it counts begins at zero, so that the first failure is seen to be one more than none.
pub fn watches(account: &str) {
    for result in SWEEP_RESULTS {
        COUNTED.sweeps.with_label_values(&[account, result]);
    }
    COUNTED.sweep_secs.with_label_values(&[account]);
    COUNTED.api_secs.with_label_values(&[account]);
    for result in ["verified", "refused", "differs", "unknown"] {
        COUNTED.enforcements.with_label_values(&[account, result]);
    }
}

/// Messages of this account go through this channel; as [`watches`].
pub fn delivers(account: &str, channel: &str) {
    for result in ["delivered", "dead"] {
        COUNTED.notifications.with_label_values(&[account, channel, result]);
    }
    COUNTED.delivery_secs.with_label_values(&[channel]);
}

/// A sweep was judged and written down after so long.
pub fn sweep_judged(account: &str, secs: f64) {
    COUNTED.sweeps.with_label_values(&[account, "judged"]).inc();
    COUNTED.sweep_secs.with_label_values(&[account]).observe(secs);
}

/// A sweep ended because the account could not be asked.
pub fn sweep_not_asked(account: &str) {
    COUNTED.sweeps.with_label_values(&[account, "not_asked"]).inc();
}

/// A sweep ended because the store did not work.
pub fn sweep_failed(account: &str) {
    COUNTED.sweeps.with_label_values(&[account, "failed"]).inc();
}

/// A request was answered, or was not. `status` must be one of few words.
pub fn api_request(account: &str, function: &str, status: &str, took: Duration) {
    let labels = [account, function, status];
    COUNTED.api_requests.with_label_values(&labels).inc();
    COUNTED
        .api_secs
        .with_label_values(&[account])
        .observe(took.as_secs_f64());
}

/// An alert began or ended.
pub fn alert_moved(account: &str, policy: &str, transition: &str) {
    let labels = [account, policy, transition];
    COUNTED.alert_transitions.with_label_values(&labels).inc();
}

/// A message came to this.
pub fn message_became(account: &str, channel: &str, result: &str) {
    let labels = [account, channel, result];
    COUNTED.notifications.with_label_values(&labels).inc();
}

/// A try to deliver a message ended after so long.
pub fn delivery_tried(channel: &str, took: Duration) {
    COUNTED
        .delivery_secs
        .with_label_values(&[channel])
        .observe(took.as_secs_f64());
}

/// An enforcement ended so.
pub fn enforced(account: &str, result: &str) {
    COUNTED.enforcements.with_label_values(&[account, result]).inc();
}

/// The store did not do what it was asked for.
pub fn store_failed() {
    COUNTED.store_errors.inc();
}

/// Something that is true at the moment of a scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    name: &'static str,
    help: &'static str,
}

macro_rules! gauges {
    ($($gauge:ident $name:literal $help:literal;)*) => {
        $(pub const $gauge: Gauge = Gauge { name: concat!("balancewatch_", $name), help: $help };)*

        #[cfg(test)]
        const GAUGES: &[Gauge] = &[$($gauge,)*];
    };
}

#[rustfmt::skip]
gauges! {
    BUILD_INFO "build_info" "Always 1; the version that runs.";
    READY "ready" "Whether every account was judged lately, as /-/ready says.";
    SWEEP_INTERVAL "sweep_interval_seconds" "From one reading of a client to the next: the longer of the schedule's interval and the time to ask everybody.";
    LAST_SWEEP "last_sweep_timestamp_seconds" "When a sweep was last judged and written down; 0: never.";
    CLIENTS "clients" "Clients on the list by how they stand, each in one state: firing (an alert about it fires), unread (never read, or the last attempt failed), low (below its threshold), fine.";
    READING_AGE "reading_age_seconds" "How old the last good readings of the clients on the list are.";
    API_RATE_LIMIT "api_rate_limit_per_minute" "Requests that the account may make in any 60 seconds, as configured.";
    ALERTS_FIRING "alerts_firing" "Alerts that fire, silenced and acknowledged ones too.";
    OUTBOX_MESSAGES "outbox_messages" "Messages that are still to be delivered, now or later.";
    OUTBOX_OLDEST "outbox_oldest_seconds" "How long the oldest message has waited that may leave now; 0: none. Paced mails to clients do not count.";
    BRAKE_ENGAGED "brake_engaged" "Whether the brake keeps all enforcement of the account from being done.";
    RESELLER_BALANCE "reseller_balance" "The reseller's own balance, in the currency of the account.";
    RELOAD_SUCCESSFUL "config_last_reload_successful" "Whether the configuration on disk was in force after the last reload.";
    RELOAD_SUCCESS_TIMESTAMP "config_last_reload_success_timestamp_seconds" "When a configuration last came into force; the start counts.";
    CLIENT_BALANCE "client_balance" "The last balance of a client, in the currency of the account.";
    CLIENT_THRESHOLD "client_threshold" "The threshold by which a client is judged.";
    CLIENT_RUNS_DRY "client_runs_dry_seconds" "How long a client's balance lasts at the spending between its last two readings.";
}

/// An answer to a scrape: what was counted, and after it the gauges that are added.
#[derive(Clone, Debug)]
pub struct Scrape(String);

impl Scrape {
    /// What was counted since the process began.
    #[must_use]
    pub fn counted() -> Self {
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&COUNTED.registry.gather(), &mut text) {
            tracing::error!(%error, "what was counted cannot be written for Prometheus");
        }
        Self(text)
    }

    /// Adds a gauge with all its samples. One without samples is left out.
    pub fn gauge<'s, const N: usize>(
        &mut self,
        gauge: Gauge,
        labels: [&str; N],
        samples: impl IntoIterator<Item = ([&'s str; N], impl Display)>,
    ) {
        let Gauge { name, help } = gauge;
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_some() {
            self.write(format_args!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        }
        for (values, value) in samples {
            self.write(format_args!("{name}"));
            for (place, (label, text)) in labels.iter().zip(values).enumerate() {
                let before = if place == 0 { '{' } else { ',' };
                self.write(format_args!("{before}{label}=\"{}\"", Escaped(text)));
            }
            self.write(format_args!("{} {value}\n", if N == 0 { "" } else { "}" }));
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        self.0.write_fmt(text).ok();
    }

    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

/// The value of a label as the format wants it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::{CLIENTS, GAUGES, RELOAD_SUCCESSFUL, Scrape};

    #[test]
    fn what_happens_is_counted_under_its_labels() {
        super::watches("metrics-test");
        super::delivers("metrics-test", "ops");
        let of_account = |text: &str| {
            let lines = text.lines().filter(|line| line.contains("account=\"metrics-test\""));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let quiet = of_account(&Scrape::counted().into_text());
        assert!(
            !quiet.is_empty() && quiet.iter().all(|line| line.ends_with(" 0")),
            "{quiet:?}"
        );
        super::sweep_judged("metrics-test", 2.0);
        super::sweep_not_asked("metrics-test");
        super::sweep_failed("metrics-test");
        super::api_request("metrics-test", "getBalance", "success", Duration::from_millis(200));
        super::alert_moved("metrics-test", "low-balance", "fired");
        super::message_became("metrics-test", "ops", "dead");
        super::delivery_tried("ops", Duration::ZERO);
        super::enforced("metrics-test", "verified");
        let lines = of_account(&Scrape::counted().into_text());
        for expected in [
            "balancewatch_sweeps_total{account=\"metrics-test\",result=\"judged\"} 1",
            "balancewatch_sweeps_total{account=\"metrics-test\",result=\"not_asked\"} 1",
            "balancewatch_sweeps_total{account=\"metrics-test\",result=\"failed\"} 1",
            "balancewatch_sweep_duration_seconds_bucket{account=\"metrics-test\",le=\"1\"} 0",
            "balancewatch_sweep_duration_seconds_bucket{account=\"metrics-test\",le=\"5\"} 1",
            "balancewatch_api_requests_total{account=\"metrics-test\",function=\"getBalance\",status=\"success\"} 1",
            "balancewatch_api_request_duration_seconds_sum{account=\"metrics-test\"} 0.2",
            "balancewatch_alert_transitions_total{account=\"metrics-test\",policy=\"low-balance\",transition=\"fired\"} 1",
            "balancewatch_notifications_total{account=\"metrics-test\",channel=\"ops\",result=\"dead\"} 1",
            "balancewatch_enforcements_total{account=\"metrics-test\",result=\"verified\"} 1",
            "balancewatch_enforcements_total{account=\"metrics-test\",result=\"refused\"} 0",
        ] {
            assert!(
                lines.iter().any(|line| line == expected),
                "{expected} is not in {lines:#?}"
            );
        }
    }

    #[test]
    fn a_gauge_is_written_with_its_help_and_its_labels_escaped() {
        let mut scrape = Scrape(String::new());
        scrape.gauge(CLIENTS, ["state"], [] as [([&str; 1], u64); 0]);
        scrape.gauge(RELOAD_SUCCESSFUL, [], [([], 1)]);
        scrape.gauge(CLIENTS, ["account", "state"], [(["a\"\\\nb", "low"], "0.10")]);
        let text = scrape.into_text();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("# HELP")).collect();
        assert_eq!(
            lines,
            [
                "# TYPE balancewatch_config_last_reload_successful gauge",
                "balancewatch_config_last_reload_successful 1",
                "# TYPE balancewatch_clients gauge",
                "balancewatch_clients{account=\"a\\\"\\\\\\nb\",state=\"low\"} 0.10",
            ]
        );
    }

    #[test]
    fn each_gauge_has_a_name_and_a_sentence_of_its_own() {
        let names: BTreeSet<&str> = GAUGES.iter().map(|gauge| gauge.name).collect();
        assert_eq!(names.len(), GAUGES.len());
        for gauge in GAUGES {
            assert!(
                gauge.help.ends_with('.') && !gauge.help.contains(['\n', '\\']),
                "{gauge:?}"
            );
        }
    }
}
