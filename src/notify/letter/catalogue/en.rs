//! English.

use super::{Catalogue, if_so, with_month};
use crate::notify::letter::words;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) static TEXTS: Catalogue = Catalogue {
    code: "en",
    decimal_mark: '.',
    units: words::ENGLISH,
    just_now: "just now",
    ago: |length| format!("{length} ago"),
    time: |at| at.strftime("%H:%M %Z").to_string(),
    date: |at| with_month(at, &MONTHS, |day, month, year| format!("{day} {month} {year}")),

    greeting: |name| {
        if name.is_empty() {
            "Hello,".to_owned()
        } else {
            format!("Hello {name},")
        }
    },
    steps: "What to do:",
    pay_here: "Add money here:",
    contact: "How to reach us:",
    signature: |service| format!("{service}. This message was sent automatically."),
    reminder: |headline| format!("Reminder: {headline}"),

    balance: "Balance",
    looked_up: "Looked up",
    last_looked_up: "Last looked up",
    used_today: "Used today",
    since_midnight: |amount| format!("{amount} (since midnight, Toronto time)"),

    low: |left, again| format!("your phone balance is {}low: {left} left", if_so(again, "still ")),
    used_up: |balance, again| format!("your phone balance is {}used up: {balance}", if_so(again, "still ")),
    below_limit: |limit| format!("This is below {limit}, the level at which we tell you."),
    calls_may_stop: "When it is used up, your phones may stop making calls. This can include calls to emergency numbers.",
    calls_may_have_stopped: "Your phones may stop making calls, or may have stopped. This can include calls to \
                             emergency numbers.",
    pay_soon: "Please add money to your phone account soon. If you have just done so, there is nothing else to do.",
    pay_today: "Please add money to your phone account today. If you have just done so, there is nothing else to do.",
    check_balance: "please check your phone balance",

    spent: |amount| format!("your phones have used {amount} today"),
    above_limit: |limit| format!("This is more than {limit}, the amount at which we tell you."),
    not_your_calls: "If you made these calls, all is well. If not, somebody else may be calling at your cost.",
    contact_at_once: |service| format!("If these are not your calls, contact {service} at once."),
    change_passwords: "Then change the passwords of your phones and of your phone system.",

    unreadable: |again| {
        let still = if_so(again, "still ");
        format!("we {still}cannot look up your phone balance at the moment")
    },
    unreadable_meaning: "So we cannot tell you in time if it runs low. This says nothing about your phones themselves.",
    watch_yourself: "Please keep an eye on your balance yourself for now.",

    readable_again: "we can look up your phone balance again",
    enough_again: |balance| format!("your phone balance is {balance} again"),
    above_new_limit: |balance| format!("your phone balance, {balance}, is above the new level at which we tell you"),
    in_order_again: "your phone balance is in order again",
    uses_less_again: "your phones use less again",
    only_a_test: "this is only a test of our messages",
    nothing_to_do: "There is nothing you need to do. Thank you.",

    ask_service: |service| format!("If you have a question, please contact {service}."),
    ask_by_reply: "If you have a question, please reply to this message.",
    limit_looked_up: |age| format!("We last looked up the level at which you are told {age}."),
    late: |age| format!("This message was written {age}, and reaches you late. Your balance may have changed since."),
};
