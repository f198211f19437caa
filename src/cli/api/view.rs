//! What a read answered, for people: lists as tables, one thing as a card with units. Every value is shown with the
//! API's own digits; only what a float left behind an amount is rounded away.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::config::Account;
use crate::domain::Money;
use crate::redact::MASK;
use crate::view::words::count;
use crate::view::{Card, Table};
use crate::voipms::{Answer, Call, Function, Row};

/// How the text of a field is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Amount,
    Time,
}
use Kind::{Amount, Number, Text, Time};

/// A field, what it is called, and how it is shown.
type Column = (&'static str, &'static str, Kind);

/// Prints the answer to a read.
///
/// # Errors
/// When it cannot be printed.
pub fn print(
    context: &mut Context,
    account: &Account,
    call: &Call,
    answer: &Answer,
    show_secrets: bool,
) -> Result<(), Failure> {
    let function = call.function();
    let mut rows = function.result_key().map(|key| answer.rows(key)).unwrap_or_default();
    let client = call.argument("client").unwrap_or_default();
    let view = View { account, client };
    let of_client = format!("client {client}");
    match (function, &rows[..]) {
        (Function::GetIp, _) => return context.out.line(&answer.text("ip").unwrap_or_default()),
        (Function::GetClientThreshold, rows) => return context.out.card(&view.threshold(rows.first())),
        (_, []) => return context.out.line(&view.nothing(function)),
        (Function::GetBalance, [row]) => return context.out.card(&view.card("your own balance", None, row)),
        (Function::GetResellerBalance, [row]) => return context.out.card(&view.card(&of_client, None, row)),
        (Function::GetClients, [row]) => return context.out.card(&view.card_of("client", row)),
        (Function::GetPackages, [row]) => return context.out.card(&view.card_of("package", row)),
        _ => {}
    }
    let is_ledger = matches!(function, Function::GetCharges | Function::GetDeposits);
    if is_ledger {
        newest_first(&mut rows);
    }
    context.out.table(&view.table(columns(function), &rows, show_secrets))?;
    if is_ledger {
        context.out.line(&view.total(function, &rows))?;
    }
    Ok(())
}

/// What tells rows apart; the rest is on the card of one.
const fn columns(function: Function) -> &'static [Column] {
    match function {
        Function::GetBalanceManagement => &[("value", "code", Text), ("description", "meaning", Text)],
        Function::GetCountries => &[("value", "code", Text), ("description", "country", Text)],
        Function::GetStates => &[("state", "code", Text), ("description", "state", Text)],
        Function::GetClientPackages => &[("value", "package", Text), ("description", "name", Text)],
        Function::GetCharges | Function::GetDeposits => &[
            ("date", "date", Text),
            ("id", "id", Number),
            ("amount", "amount", Amount),
            ("description", "description", Text),
        ],
        Function::GetPackages => &[
            ("package", "package", Text),
            ("name", "name", Text),
            ("monthly_fee", "monthly", Amount),
            ("setup_fee", "setup", Amount),
            ("markup_fixed", "mark-up", Amount),
            ("markup_percentage", "mark-up %", Number),
            ("pulse", "pulse (s)", Number),
            ("free_minutes", "free min", Number),
        ],
        _ => &[
            ("client", "client", Text),
            ("company", "name", Text),
            ("email", "e-mail", Text),
            ("balance_management", "management", Number),
        ],
    }
}

/// The fields of cards whose own names, as texts, would not do.
const FIELDS: [Column; 21] = [
    ("firstname", "first name", Text),
    ("lastname", "last name", Text),
    ("email", "e-mail", Text),
    ("zip", "zip code", Text),
    ("phone_number", "phone", Text),
    ("balance_management", "balance management", Text),
    ("markup_fixed", "mark-up, fixed", Amount),
    ("markup_percentage", "mark-up, percent", Text),
    ("pulse", "pulse, in seconds", Text),
    ("international_route", "international route", Text),
    ("canada_route", "route in Canada", Text),
    ("monthly_fee", "monthly fee", Amount),
    ("setup_fee", "setup fee", Amount),
    ("free_minutes", "free minutes", Text),
    ("current_balance", "balance", Amount),
    ("spent_total", "spent in the last 30 days", Amount),
    ("calls_total", "calls in the last 30 days", Text),
    ("time_total", "time on calls in the last 30 days", Time),
    ("spent_today", "spent today", Amount),
    ("calls_today", "calls today", Text),
    ("time_today", "time on calls today", Time),
];

/// What a field is called on a card, and how it is shown.
fn field(name: &str) -> (String, Kind) {
    let known = FIELDS.iter().find(|(field, ..)| *field == name);
    known.map_or_else(
        || (name.replace('_', " "), Text),
        |(_, label, kind)| ((*label).to_owned(), *kind),
    )
}

/// What the rows are shown with.
struct View<'a> {
    account: &'a Account,
    client: &'a str,
}

impl View<'_> {
    fn nothing(&self, function: Function) -> String {
        let of_client = |what: &str| format!("client {} has no {what}", self.client);
        match function {
            Function::GetCharges => of_client("charges"),
            Function::GetDeposits => of_client("deposits"),
            Function::GetClientPackages => of_client("packages"),
            Function::GetClients => "there are no clients".to_owned(),
            Function::GetPackages => "there are no packages".to_owned(),
            Function::GetCountries => "there are no countries".to_owned(),
            Function::GetStates => "there are no states".to_owned(),
            _ => "the API listed nothing".to_owned(),
        }
    }

    fn table(&self, columns: &[Column], rows: &[Row<'_>], show_secrets: bool) -> Table {
        let shows_password = show_secrets && rows.iter().any(|row| row.text("password").is_some());
        let password: Option<Column> = shows_password.then_some(("password", "password", Text));
        let columns: Vec<&Column> = columns.iter().chain(&password).collect();
        let titles = columns.iter().map(|(_, title, kind)| match kind {
            Text | Time => (*title).to_owned(),
            Number => format!(">{title}"),
            Amount => format!(">{title} ({})", self.account.currency),
        });
        let titles: Vec<String> = titles.collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let mut table = Table::new(&titles);
        for row in rows {
            table.row(columns.iter().map(|column| cell(row, column)));
        }
        table
    }

    /// A card titled by what identifies the row.
    fn card_of(&self, what: &str, row: &Row<'_>) -> Card {
        let title = format!("{what} {}", row.text(what).unwrap_or("-"));
        self.card(&title, Some(what), row)
    }

    /// Everything that the row holds but what is in the title, in the API's order.
    fn card(&self, title: &str, in_title: Option<&str>, row: &Row<'_>) -> Card {
        let mut card = self.headed(title);
        for name in row.names().filter(|name| Some(*name) != in_title) {
            let (label, kind) = field(name);
            let text = match row.text(name) {
                None => "-".to_owned(),
                Some(MASK) => format!("{MASK} (--show-secrets shows it)"),
                Some(text) if kind == Amount => self.money(text),
                Some(text) if kind == Time => time(text),
                Some(text) => text.to_owned(),
            };
            card.fact(&label, text);
        }
        card
    }

    fn headed(&self, title: &str) -> Card {
        Card::new(title, format!("account {}", self.account.name))
    }

    fn money(&self, text: &str) -> String {
        format!("{} {}", amount(text), self.account.currency)
    }

    fn threshold(&self, row: Option<&Row<'_>>) -> Card {
        let mut card = self.headed(&format!("client {}", self.client));
        let threshold = row.and_then(|row| row.text("threshold"));
        let is_zero = |text: &str| text.parse::<Money>().is_ok_and(|amount| !amount.is_positive());
        let threshold = threshold.filter(|text| !is_zero(text));
        let threshold = threshold.map_or_else(|| "none".to_owned(), |text| self.money(text));
        card.fact("threshold", threshold);
        let email = row.and_then(|row| row.text("email"));
        card.fact("told at", email.unwrap_or("no address"));
        card
    }

    /// How many charges or deposits there are, and their sum when every amount is one.
    fn total(&self, function: Function, rows: &[Row<'_>]) -> String {
        let noun = match function {
            Function::GetCharges => "charge",
            _ => "deposit",
        };
        let mut total = count(u64::try_from(rows.len()).unwrap_or(u64::MAX), noun);
        let amounts = rows.iter().map(|row| row.text("amount")?.parse::<Money>().ok());
        let sum: Option<Vec<Money>> = amounts.collect();
        let sum = sum.and_then(|amounts| Money::new(amounts.iter().map(|amount| amount.amount()).sum()).ok());
        if let Some(sum) = sum {
            total += &format!(", {} {} in all", sum.for_people(), self.account.currency);
        }
        total
    }
}

/// The API has no order of its own. This is the one of `voipms::functions::entries`, here of the texts as they came.
fn newest_first(rows: &mut [Row<'_>]) {
    let place = |row: &Row<'_>| {
        let id = row.text("id").unwrap_or_default();
        (row.text("date").unwrap_or_default().to_owned(), id.len(), id.to_owned())
    };
    rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
}

/// Company and person, as far as they are there: one column, so that addresses fit a terminal beside it.
fn name(row: &Row<'_>) -> String {
    let parts = [row.text("firstname"), row.text("lastname")];
    let person = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    match (row.text("company"), person.as_str()) {
        (Some(company), "") => company.to_owned(),
        (Some(company), person) => format!("{company} ({person})"),
        (None, "") => "-".to_owned(),
        (None, person) => person.to_owned(),
    }
}

fn cell(row: &Row<'_>, (field, _, kind): &Column) -> String {
    if *field == "company" {
        return name(row);
    }
    let text = row.text(field);
    match (text, kind) {
        (None, _) => "-".to_owned(),
        (Some(text), Amount) => amount(text),
        (Some(text), _) => text.to_owned(),
    }
}

/// An amount for people; what is none stays as it came.
fn amount(text: &str) -> String {
    text.parse::<Money>()
        .map_or_else(|_| text.to_owned(), Money::for_people)
}

/// `51:35` and `10:17:48` with their units; what is neither stays as it came.
fn time(text: &str) -> String {
    let parts: Vec<&str> = text.split(':').collect();
    let are_numbers = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let plain = |part: &str| {
        let part = part.trim_start_matches('0');
        if part.is_empty() {
            "0".to_owned()
        } else {
            part.to_owned()
        }
    };
    match parts[..] {
        _ if !are_numbers => text.to_owned(),
        _ if parts.iter().all(|part| part.bytes().all(|byte| byte == b'0')) => "none".to_owned(),
        [minutes, seconds] => format!("{} min {} s", plain(minutes), plain(seconds)),
        [hours, minutes, seconds] => {
            format!("{} h {} min {} s", plain(hours), plain(minutes), plain(seconds))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, field, time};

    #[test]
    fn times_have_units_and_what_is_none_stays() {
        for (text, expected) in [
            ("51:35", "51 min 35 s"),
            ("2:05", "2 min 5 s"),
            ("10:17:48", "10 h 17 min 48 s"),
            ("0:00", "none"),
            ("0:10", "0 min 10 s"),
            ("0", "none"),
            ("1:2:3:4", "1:2:3:4"),
            ("a:b", "a:b"),
            ("1:", "1:"),
            ("", ""),
            ("7", "7"),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn amounts_keep_the_digits_that_count() {
        for (text, expected) in [
            ("8.0588", "8.0588"),
            ("2", "2.00"),
            ("112.192790", "112.19279"),
            ("0.045000000000000005", "0.045"),
            ("1.0e-5", "0.00001"),
            ("-0.2160", "-0.216"),
            ("n/a", "n/a"),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
        assert_eq!((&*field("zip").0, &*field("some_thing").0), ("zip code", "some thing"));
    }
}
