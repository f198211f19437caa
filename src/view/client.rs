//! All that is known of one client, and how old that is.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::alert::AlertRow;
use super::page::{Card, Cell, Page, Shown, Tone};
use super::snapshot::Snapshot;
use super::words::{Now, amount, label, management};
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Direction, Enforcement};
use crate::domain::judge::rules::addresses;
use crate::domain::plan::meaning;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ClientId, Management, Money, PolicyName, address};

/// A client. As JSON, `client ID` of the contract.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientCard {
    account: AccountName,
    client: ClientId,
    email: String,
    company: String,
    firstname: String,
    lastname: String,
    currency: String,
    balance: Option<Money>,
    threshold: Option<Money>,
    default_threshold: Option<Money>,
    threshold_email: Option<String>,
    threshold_read_at: Option<Timestamp>,
    /// Where the client itself would be told: the first of its addresses.
    address: Option<String>,
    addresses: Vec<String>,
    /// Whether the threshold's e-mail is set and names no usable address.
    threshold_email_unusable: bool,
    /// Why its mails do not arrive.
    cannot_be_told: Option<String>,
    /// Who holds it, since when and why: no policy changes it.
    held: Option<Hold>,
    spent_today: Option<Money>,
    spent_total: Option<Money>,
    read_at: Option<Timestamp>,
    age_seconds: Option<i64>,
    /// `hard` or `soft`, or the code as it is when the account's list does not explain it.
    balance_management: Option<String>,
    balance_management_code: Option<String>,
    balance_management_description: Option<String>,
    alerts: Vec<AlertRow>,
    enforcements: Vec<Change>,
    first_seen_at: Timestamp,
    last_attempt_at: Option<Timestamp>,
    last_error: Option<String>,
    edited_at: Option<Timestamp>,
    missing_inventories: u32,
    vanished_at: Option<Timestamp>,
    #[serde(skip)]
    label: String,
    #[serde(skip)]
    means: Option<Management>,
    #[serde(skip)]
    was_asked: bool,
}

/// A person's "hands off".
#[derive(Debug, Serialize, JsonSchema)]
struct Hold {
    by: String,
    since: Timestamp,
    reason: String,
}

impl From<&Decision> for Hold {
    fn from(hold: &Decision) -> Self {
        Self {
            by: hold.by.clone(),
            since: hold.at,
            reason: hold.note.clone(),
        }
    }
}

/// An enforcement in short.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientEnforcement")]
struct Change {
    id: String,
    direction: Direction,
    wanted: Management,
    state: &'static str,
    changed_at: Timestamp,
    #[serde(skip)]
    policy: PolicyName,
}

impl From<&Enforcement> for Change {
    fn from(enforcement: &Enforcement) -> Self {
        Self {
            id: enforcement.id.clone(),
            direction: enforcement.direction,
            wanted: enforcement.wanted,
            state: enforcement.state.label(),
            changed_at: enforcement.changed_at,
            policy: enforcement.policy.clone(),
        }
    }
}

impl ClientCard {
    /// A client with what was done about it, newest first.
    pub fn new(snapshot: &Snapshot, watched: &Watched, enforcements: &[Enforcement]) -> Self {
        let client = &watched.client;
        let (reading, threshold) = (watched.reading.as_ref(), watched.threshold.as_ref());
        let addresses: Vec<String> = addresses(watched, threshold).into_iter().map(str::to_owned).collect();
        let codes = &snapshot.kept.state.management_codes;
        let code = Some(client.balance_management.clone()).filter(|code| !code.is_empty());
        let means = meaning(codes, &client.balance_management);
        let mut alerts = AlertRow::all(snapshot);
        alerts.retain(|row| row.client == client.id);
        Self {
            account: snapshot.rules.account.clone(),
            client: client.id.clone(),
            email: client.email.clone(),
            company: client.company.clone(),
            firstname: client.firstname.clone(),
            lastname: client.lastname.clone(),
            currency: snapshot.rules.currency.clone(),
            balance: reading.map(|reading| reading.balance),
            threshold: threshold.and_then(|threshold| threshold.amount),
            default_threshold: snapshot.rules.default_threshold,
            threshold_email: threshold.and_then(|threshold| threshold.email.clone()),
            threshold_read_at: threshold.map(|threshold| threshold.at),
            address: addresses.first().cloned(),
            addresses,
            threshold_email_unusable: unusable(threshold.and_then(|threshold| threshold.email.as_deref())).is_some(),
            cannot_be_told: snapshot.cannot_be_told.get(&client.id).cloned(),
            held: snapshot.hold(&client.id).map(Hold::from),
            spent_today: reading.and_then(|reading| reading.spent_today),
            spent_total: reading.and_then(|reading| reading.spent_total),
            read_at: reading.map(|reading| reading.at),
            age_seconds: reading.map(|reading| snapshot.now.age_seconds(reading.at)),
            balance_management: means.map(|means| means.as_str().to_owned()).or_else(|| code.clone()),
            balance_management_description: codes.get(&client.balance_management).cloned(),
            balance_management_code: code,
            alerts,
            enforcements: enforcements.iter().map(Change::from).collect(),
            first_seen_at: watched.first_seen_at,
            last_attempt_at: watched.last_attempt_at,
            last_error: watched.last_error.clone(),
            edited_at: watched.edited_at,
            missing_inventories: watched.missing_inventories,
            vanished_at: watched.vanished_at,
            label: label(client),
            means,
            was_asked: watched.first_attempt_at.is_some(),
        }
    }

    fn balance_text(&self, now: &Now) -> Cell {
        match (self.balance, self.read_at) {
            (Some(balance), Some(at)) => {
                let tone = if balance.is_positive() { Tone::Plain } else { Tone::Bad };
                let (balance, currency) = (balance.for_people(), &self.currency);
                (format!("{balance} {currency}, read {}", now.ago(at)), tone).into()
            }
            _ if self.was_asked => ("never read", Tone::Warning).into(),
            _ => ("not asked yet", Tone::Warning).into(),
        }
    }

    fn threshold_text(&self, now: &Now) -> String {
        let Some(at) = self.threshold_read_at else {
            return "not read yet".to_owned();
        };
        let (read, currency) = (now.ago(at), &self.currency);
        match (self.threshold, self.default_threshold) {
            (Some(amount), _) => format!("{} {currency}, read {read}", amount.for_people()),
            (None, Some(default)) => format!(
                "none of its own; `alerts.default_threshold` {} {currency} counts, read {read}",
                default.for_people()
            ),
            (None, None) => format!("none, so it is not judged by one; read {read}"),
        }
    }

    fn address_text(&self) -> String {
        let shown = self.addresses.join(", ");
        match unusable(self.threshold_email.as_deref()) {
            _ if self.addresses.is_empty() => "none: nobody there can be told".to_owned(),
            Some(text) => format!("`{text}` is no mail address; told at the client's own, {shown}"),
            None if self.addresses == address::usable(&self.email) => shown,
            None => {
                let own = match self.email.trim() {
                    "" => "empty",
                    own => own,
                };
                format!("{shown} (from its threshold; its own is {own})")
            }
        }
    }
}

/// The e-mail of a threshold, when there is one that cannot be used.
fn unusable(email: Option<&str>) -> Option<&str> {
    email
        .map(str::trim)
        .filter(|text| !text.is_empty() && address::usable(text).is_empty())
}

impl Shown for ClientCard {
    fn page(&self, now: &Now) -> Page {
        let mut card = Card::new(format!("client {}", self.client), format!("account {}", self.account));
        card.fact("name", &*self.label);
        if let Some(at) = self.vanished_at {
            card.fact("vanished", (format!("from the list, {}", now.ago(at)), Tone::Bad));
        }
        card.fact("balance", self.balance_text(now));
        if !self.client.is_pseudo() {
            let code = self.balance_management_code.as_deref().unwrap_or_default();
            let description = self.balance_management_description.as_deref();
            card.fact("threshold", self.threshold_text(now));
            card.fact("balance management", management(code, self.means, description));
            card.fact("mail address", self.address_text());
            if let Some(Hold { by, since, reason }) = &self.held {
                card.fact(
                    "held",
                    (format!("since {} by {by}: {reason}", now.clock(*since)), Tone::Warning),
                );
            }
            if let Some(why) = &self.cannot_be_told {
                card.fact("cannot be told", (why.as_str(), Tone::Bad));
            }
        }
        if self.read_at.is_some() {
            let (today, total) = (amount(self.spent_today), amount(self.spent_total));
            let currency = &self.currency;
            let text = format!("{today} today (since midnight in Toronto), {total} in the last 30 days ({currency})");
            card.fact("spending", text);
        }
        if let Some(error) = &self.last_error {
            let at = self
                .last_attempt_at
                .map(|at| format!(" {}", now.ago(at)))
                .unwrap_or_default();
            card.fact("last read", (format!("failed{at}: {error}"), Tone::Warning));
        }
        if let Some(at) = self.edited_at {
            card.fact("last edit", format!("seen {}", now.ago(at)));
        }
        card.fact("known since", now.clock(self.first_seen_at));
        if self.alerts.is_empty() {
            card.fact("alerts", ("none", Tone::Good));
        }
        card.facts("alerts", self.alerts.iter().map(|row| row.sentence(now)));
        let changes = self.enforcements.iter().map(|change| {
            let Change {
                wanted, policy, state, ..
            } = change;
            format!("to {wanted} for {policy}: {state}, {}", now.ago(change.changed_at))
        });
        card.facts("enforcements", changes);
        card.into()
    }
}

#[cfg(test)]
mod tests {
    use super::ClientCard;
    use crate::domain::testing::{reading, threshold};
    use crate::domain::watch::Watched;
    use crate::view::page::{Block, Shown, Tone};
    use crate::view::testing::{at, now, snapshot, watched};

    /// What the card says under a label, once the client was changed so.
    fn said(label: &str, change: fn(&mut Watched)) -> Option<(String, Tone)> {
        let mut client = watched("561115");
        change(&mut client);
        let mut snapshot = snapshot();
        snapshot.kept.state.management_codes = [("1".to_owned(), "Hard limit".to_owned())].into();
        let page = ClientCard::new(&snapshot, &client, &[]).page(&now());
        let [Block::Card(card)] = &page.0[..] else {
            panic!("{page:?}")
        };
        let found = card.facts.iter().find(|(name, _)| name == label);
        found.map(|(_, cells)| (cells[0].text.clone(), cells[0].tone))
    }

    #[test]
    fn a_card_tells_each_number_with_its_age() {
        type Case = (&'static str, fn(&mut Watched), &'static str, Tone);
        let cases: [Case; 15] = [
            ("balance", |_| {}, "not asked yet", Tone::Warning),
            (
                "balance",
                |client| client.first_attempt_at = Some(at(-60)),
                "never read",
                Tone::Warning,
            ),
            (
                "balance",
                |client| client.reading = Some(reading("0.01", "1", -60)),
                "0.01 USD, read 1m ago",
                Tone::Plain,
            ),
            (
                "balance",
                |client| client.reading = Some(reading("0", "1", -60)),
                "0.00 USD, read 1m ago",
                Tone::Bad,
            ),
            (
                "spending",
                |client| client.reading = Some(reading("8", "1.5", -60)),
                "1.50 today (since midnight in Toronto), - in the last 30 days (USD)",
                Tone::Plain,
            ),
            ("threshold", |_| {}, "not read yet", Tone::Plain),
            (
                "threshold",
                |client| client.threshold = Some(threshold(Some("10"), -60)),
                "10.00 USD, read 1m ago",
                Tone::Plain,
            ),
            (
                "threshold",
                |client| client.threshold = Some(threshold(None, -60)),
                "none, so it is not judged by one; read 1m ago",
                Tone::Plain,
            ),
            ("mail address", |_| {}, "john@example.com", Tone::Plain),
            (
                "mail address",
                |client| client.client.email.clear(),
                "none: nobody there can be told",
                Tone::Plain,
            ),
            (
                "mail address",
                |client| {
                    let mut wished = threshold(None, 0);
                    wished.email = Some("ann@example.com".to_owned());
                    client.threshold = Some(wished);
                },
                "ann@example.com (from its threshold; its own is john@example.com)",
                Tone::Plain,
            ),
            (
                "mail address",
                |client| {
                    let mut wished = threshold(None, 0);
                    wished.email = Some("ann at home".to_owned());
                    client.threshold = Some(wished);
                },
                "`ann at home` is no mail address; told at the client's own, john@example.com",
                Tone::Plain,
            ),
            (
                "balance management",
                |client| client.client.balance_management = "9".to_owned(),
                "code 9, which the account's list does not explain",
                Tone::Plain,
            ),
            (
                "last read",
                |client| {
                    client.last_error = Some("timeout".to_owned());
                    client.last_attempt_at = Some(at(-30));
                },
                "failed 30s ago: timeout",
                Tone::Warning,
            ),
            (
                "vanished",
                |client| client.vanished_at = Some(at(-86_400)),
                "from the list, 1d ago",
                Tone::Bad,
            ),
        ];
        for (label, change, expected, tone) in cases {
            assert_eq!(said(label, change), Some((expected.to_owned(), tone)), "{label}");
        }
        assert_eq!(said("spending", |_| {}), None, "nothing was read");
        assert_eq!(said("vanished", |_| {}), None);
        assert_eq!(said("alerts", |_| {}), Some(("none".to_owned(), Tone::Good)));
    }
}
