//! Amounts the slow way: a text of digits, shifted and rounded as on paper. The measure for the program's own reading of
//! money, so it uses neither its decimal type nor any other number type that could round.

/// Most digits of the hundred-millionths of an amount: a billion has 18. More can only be too large.
const MOST_DIGITS: usize = 18;

/// A billion in hundred-millionths.
const LARGEST: i128 = 100_000_000_000_000_000;

/// What a text means as an amount: hundred-millionths, rounded half to even. `None`: it must be refused.
#[must_use]
pub fn hundred_millionths(text: &str) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{places}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Some(0);
    }
    // The digits are hundred-millionths when as many as this are added, or cut off when it is below zero.
    let missing = 8 + i64::from(exponent) - i64::try_from(places.len()).ok()?;
    let (kept, cut) = if missing >= 0 {
        let missing = usize::try_from(missing).ok()?;
        if all.len() + missing > MOST_DIGITS {
            return None;
        }
        (format!("{all}{}", "0".repeat(missing)), String::new())
    } else {
        let cut = usize::try_from(-missing).ok()?;
        // What is more than one place too short is less than a tenth of the last one.
        let padded = format!("{}{all}", "0".repeat(cut.saturating_sub(all.len()).min(2)));
        let kept = padded.len().saturating_sub(cut);
        if kept > MOST_DIGITS {
            return None;
        }
        (padded[..kept].to_owned(), padded[kept..].to_owned())
    };
    let value: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    if value > LARGEST || (value == LARGEST && cut.bytes().any(|digit| digit != b'0')) {
        return None;
    }
    let value = value + i128::from(rounds_up(&cut, value % 2 == 1));
    Some(if negative { -value } else { value })
}

/// Whether the digits cut off are more than half of the place before them, or half and that place is odd.
fn rounds_up(cut: &str, is_odd: bool) -> bool {
    match cut.as_bytes() {
        [] | [b'0'..=b'4', ..] => false,
        [b'5', rest @ ..] if rest.iter().all(|digit| *digit == b'0') => is_odd,
        _ => true,
    }
}

/// Hundred-millionths as the shortest plain decimal.
#[must_use]
pub fn plain(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, places) = (value.unsigned_abs() / 100_000_000, value.unsigned_abs() % 100_000_000);
    let text = format!("{sign}{whole}.{places:08}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{hundred_millionths, plain};

    #[test]
    fn paper_and_pencil() {
        for (text, expected) in [
            ("8.0588", Some("8.0588")),
            ("-0.00", Some("0")),
            ("0.000000005", Some("0")),
            ("0.0000000050000000000000000000000000000000001", Some("0.00000001")),
            ("0.000000015", Some("0.00000002")),
            ("0.0000000005", Some("0")),
            ("1e9", Some("1000000000")),
            ("1000000000.000000001", None),
            ("1.5E3", Some("1500")),
            ("1e-400", Some("0")),
            ("1e400", None),
            (".", None),
            ("5.", Some("5")),
            ("1.2.3", None),
            ("--5", None),
        ] {
            assert_eq!(hundred_millionths(text).map(plain).as_deref(), expected, "{text}");
        }
    }
}
