//! Rows as domain records. A value that this program never writes is an error that names the column.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Fault;
use crate::domain::alert::{Alert, EpisodeId};
use crate::domain::dead_letter::DeadLetter;
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Enforcement, EnforcementStep};
use crate::domain::notice::{Attempt, Message, NoticeState, Notification};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, Client, ClientId, Money, PolicyName, Reading, Threshold};
use crate::store::{Kept, Seen};

/// The columns of `client` and `last_reading` that make a [`Watched`].
pub const WATCHED: &str = "
SELECT client.client, email, company, firstname, lastname, country, balance_management, fingerprint,
    first_seen_at, missing_inventories, missing_since, vanished_at, edited_at, balance, spent_today, spent_total, read_at,
    previous_balance, previous_spent_today, previous_spent_total, previous_read_at, threshold, threshold_email, threshold_read_at,
    first_attempt_at, last_attempt_at, last_error, coalesce(judged, '') AS judged
FROM client LEFT JOIN last_reading USING (account, client)
WHERE account = ?1
ORDER BY client.client";

/// The same of those of whom an alert fires.
pub const WATCHED_FIRING: &str = "
SELECT client.client, email, company, firstname, lastname, country, balance_management, fingerprint,
    first_seen_at, missing_inventories, missing_since, vanished_at, edited_at, balance, spent_today, spent_total, read_at,
    previous_balance, previous_spent_today, previous_spent_total, previous_read_at, threshold, threshold_email, threshold_read_at,
    first_attempt_at, last_attempt_at, last_error, coalesce(judged, '') AS judged
FROM client LEFT JOIN last_reading USING (account, client)
WHERE account = ?1 AND client.client IN (SELECT alert.client FROM alert WHERE alert.account = ?1 AND state = 'firing')
ORDER BY client.client";

/// Reads one column after the other.
pub struct Columns<'a>(pub &'a SqliteRow);

impl Columns<'_> {
    fn text(&self, column: &'static str) -> Result<String, Fault> {
        Ok(self.0.try_get(column)?)
    }

    fn text_of(&self, column: &'static str) -> Result<Option<String>, Fault> {
        Ok(self.0.try_get(column)?)
    }

    fn number_of(&self, column: &'static str) -> Result<Option<i64>, Fault> {
        Ok(self.0.try_get(column)?)
    }

    pub fn count<N: TryFrom<i64>>(&self, column: &'static str) -> Result<N, Fault> {
        let number: i64 = self.0.try_get(column)?;
        N::try_from(number).map_err(|_| corrupt(column, &number.to_string(), "count"))
    }

    pub fn at(&self, column: &'static str) -> Result<Timestamp, Fault> {
        let nanos: i64 = self.0.try_get(column)?;
        time(column, nanos)
    }

    pub fn at_of(&self, column: &'static str) -> Result<Option<Timestamp>, Fault> {
        self.number_of(column)?.map(|nanos| time(column, nanos)).transpose()
    }

    fn money(&self, column: &'static str) -> Result<Money, Fault> {
        let text: &str = self.0.try_get(column)?;
        text.parse().map_err(|_| corrupt(column, text, "amount"))
    }

    fn money_of(&self, column: &'static str) -> Result<Option<Money>, Fault> {
        let text: Option<&str> = self.0.try_get(column)?;
        text.map(|text| text.parse().map_err(|_| corrupt(column, text, "amount")))
            .transpose()
    }

    /// A structured part, from its JSON text.
    pub fn structure<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Fault> {
        let text: &str = self.0.try_get(column)?;
        serde_json::from_str(text).map_err(|_| corrupt(column, text, "record of this version"))
    }

    /// A word from a closed set, as serde names it.
    fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Fault> {
        let text: String = self.0.try_get(column)?;
        let word = serde::de::value::StringDeserializer::<serde::de::value::Error>::new(text.clone());
        T::deserialize(word).map_err(|_| corrupt(column, &text, "word of this version"))
    }

    pub fn named<T: for<'a> TryFrom<Arc<str>>>(&self, column: &'static str) -> Result<T, Fault> {
        let text: &str = self.0.try_get(column)?;
        T::try_from(Arc::from(text)).map_err(|_| corrupt(column, text, "name"))
    }

    fn reading(&self, columns: [&'static str; 4]) -> Result<Option<Reading>, Fault> {
        let [balance, spent_today, spent_total, at] = columns;
        let Some(at) = self.at_of(at)? else {
            return Ok(None);
        };
        Ok(Some(Reading {
            balance: self.money(balance)?,
            spent_today: self.money_of(spent_today)?,
            spent_total: self.money_of(spent_total)?,
            at,
        }))
    }

    fn threshold(&self) -> Result<Option<Threshold>, Fault> {
        let Some(at) = self.at_of("threshold_read_at")? else {
            return Ok(None);
        };
        Ok(Some(Threshold {
            amount: self.money_of("threshold")?,
            email: self.text_of("threshold_email")?,
            at,
        }))
    }

    /// A row of [`WATCHED`].
    pub fn watched(&self, judged: &mut Interned) -> Result<Watched, Fault> {
        Ok(Watched {
            client: Client {
                id: self.named::<ClientId>("client")?,
                email: self.text("email")?,
                company: self.text("company")?,
                firstname: self.text("firstname")?,
                lastname: self.text("lastname")?,
                country: self.text("country")?,
                balance_management: self.text("balance_management")?,
                fingerprint: self.text("fingerprint")?,
            },
            first_seen_at: self.at("first_seen_at")?,
            missing_inventories: self.count("missing_inventories")?,
            missing_since: self.at_of("missing_since")?,
            vanished_at: self.at_of("vanished_at")?,
            reading: self.reading(["balance", "spent_today", "spent_total", "read_at"])?,
            previous: self.reading([
                "previous_balance",
                "previous_spent_today",
                "previous_spent_total",
                "previous_read_at",
            ])?,
            threshold: self.threshold()?,
            first_attempt_at: self.at_of("first_attempt_at")?,
            last_attempt_at: self.at_of("last_attempt_at")?,
            last_error: self.text_of("last_error")?,
            judged: judged.share(self.0.try_get("judged")?),
            edited_at: self.at_of("edited_at")?,
        })
    }

    /// An entry of a client's history.
    pub fn kept(&self) -> Result<Kept, Fault> {
        let seen = match self.text_of("error")? {
            Some(error) => Seen::Gap { error },
            None => Seen::Reading {
                balance: self.money("balance")?,
                spent_today: self.money_of("spent_today")?,
                threshold: self.money_of("threshold")?,
            },
        };
        Ok(Kept {
            seen,
            first_seen_at: self.at("first_seen_at")?,
            last_seen_at: self.at("last_seen_at")?,
            count: self.count("count")?,
        })
    }

    /// A row of `alert`.
    pub fn alert(&self) -> Result<Alert, Fault> {
        Ok(Alert {
            client: self.named::<ClientId>("client")?,
            policy: self.named::<PolicyName>("policy")?,
            condition: self.text("condition")?,
            phase: self.structure("phase")?,
            reason: self.structure("reason")?,
        })
    }

    /// What became of a notification or a message.
    pub fn notice_state(&self) -> Result<NoticeState, Fault> {
        let state: &str = self.0.try_get("state")?;
        let why = || Ok::<_, Fault>(self.text_of("why")?.unwrap_or_default());
        Ok(match state {
            "pending" => NoticeState::Pending,
            "sending" => NoticeState::Sending,
            "delivered" => NoticeState::Delivered,
            "probably-delivered" => NoticeState::ProbablyDelivered,
            "dead" => NoticeState::Dead(why()?),
            "dropped" => NoticeState::Dropped(why()?),
            "merged" => NoticeState::Merged(why()?),
            other => return Err(corrupt("state", other, "state of a notification")),
        })
    }

    /// A row of `message`.
    pub fn message(&self) -> Result<Message, Fault> {
        Ok(Message {
            id: self.text("id")?,
            account: self.named::<AccountName>("account")?,
            channel: self.named::<ChannelName>("channel")?,
            recipient: self.text("recipient")?,
            thread: self.text("thread")?,
            kind: self.word("kind")?,
            created_at: self.at("created_at")?,
            not_before: self.at("not_before")?,
            deadline: self.at("deadline")?,
            paced: self.money_of("paced")?,
            attempts: self.count("attempts")?,
            next_at: self.at("next_at")?,
            state: self.notice_state()?,
            receipt: self.text_of("receipt")?,
        })
    }

    /// A row of `notification`.
    pub fn notification(&self) -> Result<Notification, Fault> {
        Ok(Notification {
            id: self.text("id")?,
            account: self.named::<AccountName>("account")?,
            client: self.named::<ClientId>("client")?,
            policy: self.named::<PolicyName>("policy")?,
            episode: EpisodeId::from_stored(self.text("episode")?),
            transition: self.structure("transition")?,
            severity: self.word("severity")?,
            channel: self.named::<ChannelName>("channel")?,
            recipient: self.text("recipient")?,
            facts: self.structure("facts")?,
            created_at: self.at("created_at")?,
            message: self.text_of("message")?,
            state: self.notice_state()?,
        })
    }

    /// A dead message with the first notification that it carried.
    pub fn dead_letter(&self) -> Result<DeadLetter, Fault> {
        Ok(DeadLetter {
            message: self.text("id")?,
            notification: self.text("notification")?,
            client: self.named::<ClientId>("client")?,
            label: self.text("label")?,
            carried: self.count("carried")?,
            channel: self.named::<ChannelName>("channel")?,
            recipient: self.text("recipient")?,
            why: self.text("why")?,
            is_announced: self.0.try_get("announced")?,
            is_settled: self.0.try_get("settled")?,
        })
    }

    /// A row of `attempt`.
    pub fn attempt(&self) -> Result<Attempt, Fault> {
        Ok(Attempt {
            message: self.text("message")?,
            number: self.count("number")?,
            at: self.at("at")?,
            outcome: self.word("outcome")?,
            detail: self.text("detail")?,
        })
    }

    /// A row of `enforcement`.
    pub fn enforcement(&self) -> Result<Enforcement, Fault> {
        Ok(Enforcement {
            id: self.text("id")?,
            account: self.named::<AccountName>("account")?,
            client: self.named::<ClientId>("client")?,
            policy: self.named::<PolicyName>("policy")?,
            episode: EpisodeId::from_stored(self.text("episode")?),
            direction: self.word("direction")?,
            wanted: self.word("wanted")?,
            balance: self.money("balance")?,
            planned_at: self.at("planned_at")?,
            state: self.structure("detail")?,
            changed_at: self.at("changed_at")?,
            code_before: self.text_of("code_before")?,
            code_sent: self.text_of("code_sent")?,
            fingerprint_before: self.text_of("fingerprint_before")?,
            fingerprint_after: self.text_of("fingerprint_after")?,
            before_image: self.text_of("before_image")?,
            window_ms: self.number_of("window_ms")?,
            settle_at: self.at_of("settle_at")?,
            asked_at: self.at_of("asked_at")?,
            waited: self.count("waited")?,
            told: self.structure("told")?,
        })
    }

    /// A row of `enforcement_step`.
    pub fn step(&self) -> Result<EnforcementStep, Fault> {
        Ok(EnforcementStep {
            enforcement: self.text("enforcement")?,
            number: self.count("number")?,
            at: self.at("at")?,
            step: self.text("step")?,
            detail: self.text("detail")?,
        })
    }

    /// A row of `decision`.
    pub fn decision(&self) -> Result<Decision, Fault> {
        Ok(Decision {
            id: self.text("id")?,
            account: self.named::<AccountName>("account")?,
            kind: self.word("kind")?,
            scope: self.structure("scope")?,
            by: self.text("by")?,
            at: self.at("at")?,
            until: self.at_of("until")?,
            note: self.text("note")?,
        })
    }
}

/// Texts of which nearly all rows have the same, each kept once.
#[derive(Debug, Default)]
pub struct Interned(HashSet<Arc<str>>);

impl Interned {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&new));
        new
    }
}

fn time(column: &'static str, nanos: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_nanosecond(nanos.into()).map_err(|_| corrupt(column, &nanos.to_string(), "time"))
}

fn corrupt(column: &'static str, value: &str, expected: &'static str) -> Fault {
    Fault::Corrupt {
        column,
        value: value.chars().take(40).collect(),
        expected,
    }
}
