//! What each function of the API does, told to people: in help, when it was done, and when nobody knows whether it was.
//! Only wording.

use crate::voipms::{Call, Class, Function};

/// The heading of a class in the list of functions.
pub const fn group(class: Class) -> &'static str {
    match class {
        Class::Read => "Reads (nothing is changed; asked again when the answer is of no use)",
        Class::IdempotentWrite => "Overwrites (sent once, only with --yes)",
        Class::MoneyMovingWrite => "Moves money or makes a client (sent once, never repeated, only with --yes)",
    }
}

/// What the class of a function means for whoever calls it.
pub const fn class(function: Function) -> &'static str {
    match (function.class(), function) {
        (Class::Read, _) => {
            "READS: nothing is changed. Asked three times at most when the connection breaks or the answer is of no use; after 10 \
             seconds without an answer it ends."
        }
        (Class::IdempotentWrite, _) => "OVERWRITES what is there: sent once, and only with --yes. It has no dry run.",
        (Class::MoneyMovingWrite, Function::SignupClient) => {
            "MAKES A CLIENT, who can spend: sent once, never repeated, and only with --yes. It has no dry run."
        }
        (Class::MoneyMovingWrite, _) => "MOVES MONEY: sent once, never repeated, and only with --yes.",
    }
}

/// What else to know of a function before it is used.
pub const fn notes(function: Function) -> &'static str {
    match function {
        Function::AddCharge | Function::AddPayment => {
            "It is bookkeeping between you and the client: no card is touched. --test is a dry run and needs no --yes.\n\n\
             The API answers without an id. So that the entry can be found again, it is described as `balancewatch` and an \
             id that is never used twice, printed before the call, unless you describe it yourself. If the answer is lost, \
             the error names the command that finds out whether the money was moved: do not repeat it before. So it does \
             when you press Ctrl-C."
        }
        Function::GetBalance => {
            "This is your own balance at VoIP.ms. When it is gone, all clients stop. With --advanced 1 also what was spent."
        }
        Function::GetBalanceManagement => "HARD stops a client's calls at 0; SOFT lets it go below 0, at your cost.",
        Function::GetCharges | Function::GetDeposits => {
            "The API lists all of them at once, whatever their age, and takes no dates. Dates are Toronto's."
        }
        Function::GetClients => {
            "A record holds the password with which the client logs in at your portal. It is shown as `***` unless you ask \
             for it with --show-secrets."
        }
        Function::GetClientThreshold => {
            "The API mails this address when the balance falls below the threshold. It stops nobody: only HARD does, at 0."
        }
        Function::GetResellerBalance => {
            "The totals are those of the last 30 days, and today begins at midnight in Toronto."
        }
        Function::GetIp => {
            "This is the address to allow on the portal's API page. VoIP.ms answers this function from any address."
        }
        Function::GetStates => "Clients in other countries have states too, which the API does not list.",
        Function::GetClientPackages | Function::GetCountries | Function::GetPackages => "",
        Function::SetClient => {
            "The API replaces the WHOLE record, and may blank what it is not sent. So this command reads the record, puts \
             what you gave over it, shows the difference, sends all thirteen fields, reads the record again and compares. \
             Without --yes it stops after the difference. What somebody else changes in the moment between reading and \
             sending is overwritten: the API has no way to tell. That moment is one round trip, but a minute at \
             `rate_per_minute = 1`.\n\n\
             It refuses to send back what would do harm: a password that the API does not show, a country that has no \
             code, a record without a required field, unless you give a value for it. --raw sends what you gave and \
             nothing else.\n\n\
             --balance_management 1 is HARD; `balancewatch api getBalanceManagement` tells what each code means."
        }
        Function::SetClientThreshold => {
            "Without --email the address stays as it is. A threshold cannot be taken away, and stops nobody: below it the API \
             mails the client; only HARD stops, at 0."
        }
        Function::SignupClient => {
            "Without `--activate 1` the client waits until somebody activates it. A password from a file or standard input \
             need not be confirmed; at a terminal it is asked for twice."
        }
    }
}

/// Whole command lines that work, behind `balancewatch api`. Long ones are broken as a shell takes them, before help does
/// it in a way that no shell takes.
pub const fn examples(function: Function) -> &'static [&'static str] {
    match function {
        Function::AddCharge => &[
            "addCharge --client 561115 --charge 4.99 --test",
            "addCharge --client 561115 --charge 4.99 --yes",
            "addCharge --client 561115 --charge 4.99 \\\n      --description 'Router, March' --yes",
        ],
        Function::AddPayment => &[
            "addPayment --client 561115 --payment 25.00 --test",
            "addPayment --client 561115 --payment 25.00 --yes",
            "addPayment --client 561115 --payment 25.00 \\\n      --description 'Cheque 1234' --yes",
        ],
        Function::GetBalance => &["getBalance", "getBalance --advanced 1 --output json"],
        Function::GetBalanceManagement => &["getBalanceManagement", "getBalanceManagement --balance_management 1"],
        Function::GetCharges => &["getCharges --client 561115", "getCharges --client 561115 --output json"],
        Function::GetDeposits => &[
            "getDeposits --client 561115",
            "getDeposits --client 561115 --output json",
        ],
        Function::GetClientPackages => &[
            "getClientPackages --client 561115",
            "getClientPackages --client 561115 --output json",
        ],
        Function::GetClients => &[
            "getClients",
            "getClients --client 561115",
            "getClients --client john.doe@my-domain.com --output json",
        ],
        Function::GetClientThreshold => &[
            "getClientThreshold --client 561115",
            "getClientThreshold --client 561115 --output json",
        ],
        Function::GetCountries => &["getCountries", "getCountries --country CA"],
        Function::GetPackages => &["getPackages", "getPackages --package 8378"],
        Function::GetResellerBalance => &[
            "getResellerBalance --client 561115",
            "getResellerBalance --client 561115 --output json",
        ],
        Function::GetIp => &["getIP", "getIP --output json"],
        Function::GetStates => &["getStates", "getStates --output json"],
        Function::SetClient => &[
            "setClient --client 561115 --balance_management 1",
            "setClient --client 561115 --balance_management 1 --yes",
            "setClient --client 561115 --password-file new.txt --yes",
        ],
        Function::SetClientThreshold => &[
            "setClientThreshold --client 561115 --threshold 10 --yes",
            "setClientThreshold --client 561115 --threshold 10 \\\n      --email noc@example.com --yes",
        ],
        Function::SignupClient => &["signupClient --firstname John --lastname Doe --city Miami \\\n      \
             --address '5491 190TH' --state FL --country US --zip 33055 \\\n      \
             --phone_number 5551112222 --password-file password.txt --activate 1 \\\n      \
             --email j@example.com --confirm_email j@example.com --yes"],
    }
}

/// A write in words: when it was done, when it was only tried, and as what is not known. [`unconfirmed`] is the fourth way.
pub struct Deed {
    /// `charged 4.99 USD to client 561115`.
    pub done: String,
    /// `4.99 USD would be charged to client 561115`; empty where there is no dry run.
    pub would: String,
    /// `client 561115 was charged 4.99 USD`, behind *whether*.
    pub whether: String,
}

impl Deed {
    /// Of a write; of a read, that it was made.
    pub fn of(call: &Call, currency: &str) -> Self {
        let text = |name| call.argument(name).unwrap_or_default();
        let client = text("client");
        let (done, would, whether) = match call.function() {
            Function::AddCharge => {
                let amount = format!("{} {currency}", text("charge"));
                (
                    format!("charged {amount} to client {client}"),
                    format!("{amount} would be charged to client {client}"),
                    format!("client {client} was charged {amount}"),
                )
            }
            Function::AddPayment => {
                let amount = format!("{} {currency}", text("payment"));
                (
                    format!("credited {amount} to client {client}"),
                    format!("{amount} would be credited to client {client}"),
                    format!("client {client} was credited with {amount}"),
                )
            }
            Function::SetClientThreshold => {
                let amount = format!("{} {currency}", text("threshold"));
                (
                    format!("set the threshold of client {client} to {amount}"),
                    String::new(),
                    format!("the threshold of client {client} was set to {amount}"),
                )
            }
            Function::SignupClient => {
                let email = text("email");
                (
                    format!("made a client for {email}"),
                    String::new(),
                    format!("a client was made for {email}"),
                )
            }
            Function::SetClient => (
                format!("overwrote the record of client {client}"),
                String::new(),
                format!("the record of client {client} was overwritten"),
            ),
            read => (format!("called {read}"), String::new(), format!("{read} was called")),
        };
        Self { done, would, whether }
    }
}

/// A write that nobody confirmed, in words behind *it*: `makes a new client`. `call` is needed only where money moves; its
/// amount has no currency here, because no configuration is read for what is not done.
pub fn unconfirmed(function: Function, call: Option<&Call>) -> String {
    let argument = |name| call.and_then(|call| call.argument(name)).unwrap_or_default();
    match function {
        Function::AddCharge => format!(
            "moves money: it would charge {} to client {}",
            argument("charge"),
            argument("client")
        ),
        Function::AddPayment => format!(
            "moves money: it would credit {} to client {}",
            argument("payment"),
            argument("client")
        ),
        Function::SignupClient => "makes a new client".to_owned(),
        _ => "overwrites what is there".to_owned(),
    }
}
