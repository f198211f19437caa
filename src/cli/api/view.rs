//! What a read answered, for people: lists as tables, one thing as a card with units. Every value is shown with the
//! API's own digits; only what a float left behind an amount is rounded away.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::config::Account;
use crate::domain::Money;
use crate::view::words::count;
use crate::view::{Card, Table};
use crate::voipms::{Answer, Call, Function, Row};

/// How a column is filled and aligned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Amount,
}
use Kind::{Amount, Number, Text};

/// A column: the field, its title, how it is shown.
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
    let view = View {
        account,
        client: call.argument("client").unwrap_or_default(),
        show_secrets,
    };
    let columns: &[Column] = match function {
        Function::GetBalance => return view.balance(context, "your own balance", &rows),
        Function::GetResellerBalance => return view.balance(context, &format!("client {}", view.client), &rows),
        Function::GetIp => return context.out.line(&answer.text("ip").unwrap_or_default()),
        Function::GetClientThreshold => return view.threshold(context, rows.first()),
        Function::GetBalanceManagement => &[("value", "code", Text), ("description", "meaning", Text)],
        Function::GetCountries => &[("value", "code", Text), ("description", "country", Text)],
        Function::GetStates => &[("state", "code", Text), ("description", "state", Text)],
        Function::GetClientPackages => &[("value", "package", Text), ("description", "name", Text)],
        Function::GetCharges | Function::GetDeposits => return view.ledger(context, function, &mut rows),
        Function::GetPackages => &PACKAGES,
        _ => &CLIENTS,
    };
    match &rows[..] {
        [] => context.out.line(&view.nothing(function)),
        [row] if columns.len() > MOST_COLUMNS_OF_ONE_ROW => context.out.card(&view.card(function, row)),
        rows => context.out.table(&view.table(columns, rows)),
    }
}

/// A single row with more columns than this is a card, with every field that it has.
const MOST_COLUMNS_OF_ONE_ROW: usize = 3;

/// What tells clients apart; the rest is on the card of one.
const CLIENTS: [Column; 4] = [
    ("client", "client", Text),
    ("company", "name", Text),
    ("email", "e-mail", Text),
    ("balance_management", "management", Number),
];

const PACKAGES: [Column; 8] = [
    ("package", "package", Text),
    ("name", "name", Text),
    ("monthly_fee", "monthly", Amount),
    ("setup_fee", "setup", Amount),
    ("markup_fixed", "mark-up", Amount),
    ("markup_percentage", "mark-up %", Number),
    ("pulse", "pulse (s)", Number),
    ("free_minutes", "free min", Number),
];

/// Of charges and deposits alike.
const LEDGER: [Column; 4] = [
    ("date", "date", Text),
    ("id", "id", Number),
    ("amount", "amount", Amount),
    ("description", "description", Text),
];

/// What a field is called, where its own name would not do.
const LABELS: [(&str, &str); 22] = [
    ("firstname", "first name"),
    ("lastname", "last name"),
    ("email", "e-mail"),
    ("zip", "zip code"),
    ("phone_number", "phone"),
    ("balance_management", "balance management"),
    ("markup_fixed", "mark-up, fixed"),
    ("markup_percentage", "mark-up, percent"),
    ("pulse", "pulse, in seconds"),
    ("international_route", "international route"),
    ("canada_route", "route in Canada"),
    ("monthly_fee", "monthly fee"),
    ("setup_fee", "setup fee"),
    ("free_minutes", "free minutes"),
    ("current_balance", "balance"),
    ("spent_total", "spent in the last 30 days"),
    ("calls_total", "calls in the last 30 days"),
    ("time_total", "time on calls in the last 30 days"),
    ("spent_today", "spent today"),
    ("calls_today", "calls today"),
    ("time_today", "time on calls today"),
    ("threshold", "threshold"),
];

fn label(field: &str) -> String {
    let known = LABELS.iter().find(|(name, _)| *name == field);
    known.map_or_else(|| field.replace('_', " "), |(_, label)| (*label).to_owned())
}

/// What the rows are shown with.
struct View<'a> {
    account: &'a Account,
    client: &'a str,
    show_secrets: bool,
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

    fn table(&self, columns: &[Column], rows: &[Row<'_>]) -> Table {
        let shows_password = self.show_secrets && rows.iter().any(|row| row.text("password").is_some());
        let password: Option<Column> = shows_password.then_some(("password", "password", Text));
        let columns: Vec<&Column> = columns.iter().chain(&password).collect();
        let titles: Vec<String> = columns.iter().map(|column| self.title(column)).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let mut table = Table::new(&titles);
        for row in rows {
            table.row(columns.iter().map(|column| cell(row, column)));
        }
        table
    }

    fn title(&self, (_, title, kind): &Column) -> String {
        match kind {
            Text => (*title).to_owned(),
            Number => format!(">{title}"),
            Amount => format!(">{title} ({})", self.account.currency),
        }
    }

    /// Everything that the row holds, in the API's order.
    fn card(&self, function: Function, row: &Row<'_>) -> Card {
        let (what, id) = match function {
            Function::GetPackages => ("package", row.text("package")),
            _ => ("client", row.text("client")),
        };
        let mut card = self.headed(&format!("{what} {}", id.unwrap_or("-")));
        for name in row.names().filter(|name| *name != what) {
            // Broader than `Function::is_password`, which knows what is sent: the API may answer with more fields.
            let is_secret = name.to_ascii_lowercase().contains("password");
            let text = match row.text(name) {
                Some(_) if is_secret && !self.show_secrets => "*** (--show-secrets shows it)".to_owned(),
                Some(text) if name.ends_with("_fee") || name == "markup_fixed" => self.money(text),
                text => text.unwrap_or("-").to_owned(),
            };
            card.fact(&label(name), text);
        }
        card
    }

    fn headed(&self, title: &str) -> Card {
        Card::new(title, format!("account {}", self.account.name))
    }

    fn money(&self, text: &str) -> String {
        format!("{} {}", amount(text), self.account.currency)
    }

    fn balance(&self, context: &mut Context, title: &str, rows: &[Row<'_>]) -> Result<(), Failure> {
        let mut card = self.headed(title);
        for row in rows {
            for name in row.names() {
                let text = match row.text(name) {
                    None => "-".to_owned(),
                    Some(text) if name == "current_balance" || name.starts_with("spent_") => self.money(text),
                    Some(text) if name.starts_with("time_") => time(text),
                    Some(text) => text.to_owned(),
                };
                card.fact(&label(name), text);
            }
        }
        context.out.card(&card)
    }

    fn threshold(&self, context: &mut Context, row: Option<&Row<'_>>) -> Result<(), Failure> {
        let mut card = self.headed(&format!("client {}", self.client));
        let threshold = row.and_then(|row| row.text("threshold"));
        let is_zero = |text: &str| text.parse::<Money>().is_ok_and(|amount| !amount.is_positive());
        let threshold = threshold.filter(|text| !is_zero(text));
        let threshold = threshold.map_or_else(|| "none".to_owned(), |text| self.money(text));
        card.fact("threshold", threshold);
        let email = row.and_then(|row| row.text("email"));
        card.fact("told at", email.unwrap_or("no address"));
        context.out.card(&card)
    }

    /// Charges or deposits, newest first: the API has no order of its own.
    fn ledger(&self, context: &mut Context, function: Function, rows: &mut [Row<'_>]) -> Result<(), Failure> {
        if rows.is_empty() {
            return context.out.line(&self.nothing(function));
        }
        // The order of the typed entries (`voipms::functions::ledger`), here of the texts as they came.
        let place = |row: &Row<'_>| {
            let id = row.text("id").unwrap_or_default();
            (row.text("date").unwrap_or_default().to_owned(), id.len(), id.to_owned())
        };
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        context.out.table(&self.table(&LEDGER, rows))?;
        let amounts = rows.iter().map(|row| row.text("amount")?.parse::<Money>().ok());
        let sum: Option<Vec<Money>> = amounts.collect();
        let sum = sum.and_then(|amounts| Money::new(amounts.iter().map(|amount| amount.amount()).sum()).ok());
        let noun = if function == Function::GetCharges {
            "charge"
        } else {
            "deposit"
        };
        let mut total = count(u64::try_from(rows.len()).unwrap_or(u64::MAX), noun);
        if let Some(sum) = sum {
            total += &format!(", {} {} in all", sum.for_people(), self.account.currency);
        }
        context.out.line(&total)
    }
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
    use super::{amount, label, time};

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
        assert_eq!((&*label("zip"), &*label("some_thing")), ("zip code", "some thing"));
    }
}
