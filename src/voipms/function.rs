//! The API's functions by name: what each is for, what it takes, what a good answer holds, and what a repetition of it
//! would mean. No call is made here.

use std::fmt;

use self::Expected::{Ledger, Nothing, One, Perhaps, Rows};
use super::parameters::{self, Kind, Parameter};

/// What it means to send a call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Changes nothing: repeated when that is worth anything.
    Read,
    /// Sets a state. Sent once here all the same: what is true now may not be what the first try left.
    IdempotentWrite,
    /// Moves money or makes somebody who can spend it: never repeated by the program.
    MoneyMovingWrite,
}

/// What a function's successful answer must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing but the status.
    Nothing,
    /// One thing under this key.
    One(&'static str),
    /// One thing under this key, which a success may lack.
    Perhaps(&'static str),
    /// Rows under this key; a status `no_…` says that there are none.
    Rows(&'static str),
    /// The same, and a success without the key says so too: nobody knows how charges and deposits say it.
    Ledger(&'static str),
}

impl Expected {
    /// The key that the payload stands under.
    pub(super) const fn key(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::One(key) | Self::Perhaps(key) | Self::Rows(key) | Self::Ledger(key) => Some(key),
        }
    }

    /// Whether this status is the API's way to say that the list is empty. Only `no_client` and `no_package` are
    /// documented; what else there is was never recorded. `no_client` is about clients alone: a ledger taken for empty
    /// could be a reason to move money again.
    pub(super) fn is_empty_list(self, status: &str) -> bool {
        let start = status.get(..3).unwrap_or_default();
        let is_of_another = status.eq_ignore_ascii_case("no_client") && self.key() != Some("clients");
        matches!(self, Self::Rows(_) | Self::Ledger(_)) && start.eq_ignore_ascii_case("no_") && !is_of_another
    }
}

/// What is known of a function.
struct Facts {
    name: &'static str,
    class: Class,
    expected: Expected,
    summary: &'static str,
    parameters: &'static [Parameter],
}

/// Each row: the variant, its name on the wire, its class and what it is for; what a good answer has, and what it takes.
macro_rules! functions {
    ($($function:ident $name:literal $class:ident $summary:literal: $expected:expr, $parameters:ident;)*) => {
        /// A function of the API: the thirteen client functions of the document that this program was made from, and four
        /// that tell which values those take, how the reseller itself stands, or as whom the API sees this machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "`: ", $summary, ".")] $function,)*
        }

        impl Function {
            /// All of them, by name.
            pub const ALL: [Self; FACTS.len()] = [$(Self::$function,)*];
        }

        /// What is known of each, at the place of its variant.
        const FACTS: &[Facts] = &[$(Facts {
            name: $name,
            class: Class::$class,
            expected: $expected,
            summary: $summary,
            parameters: parameters::$parameters,
        },)*];
    };
}

#[rustfmt::skip]
functions! {
    AddCharge "addCharge" MoneyMovingWrite "debit a client": Nothing, ADD_CHARGE;
    AddPayment "addPayment" MoneyMovingWrite "credit a client": Nothing, ADD_PAYMENT;
    GetBalance "getBalance" Read "the reseller's own balance": One("balance"), GET_BALANCE;
    GetBalanceManagement "getBalanceManagement" Read "the codes of balance_management, and what each means": Rows("balance_management"), GET_BALANCE_MANAGEMENT;
    GetCharges "getCharges" Read "what a client was debited with": Ledger("charges"), ONE_CLIENT;
    GetClientPackages "getClientPackages" Read "the packages that a client has": Rows("packages"), ONE_CLIENT;
    GetClientThreshold "getClientThreshold" Read "a client's own limit, and where it is told of it": One("threshold_information"), ONE_CLIENT;
    GetClients "getClients" Read "all clients, or one of them, with their records": Rows("clients"), GET_CLIENTS;
    GetCountries "getCountries" Read "the codes of countries": Rows("countries"), GET_COUNTRIES;
    GetDeposits "getDeposits" Read "what a client was credited with": Ledger("deposits"), ONE_CLIENT;
    GetIp "getIP" Read "the address that VoIP.ms sees this machine at": One("ip"), NONE;
    GetPackages "getPackages" Read "the reseller's packages: their fees and mark-ups": Rows("packages"), GET_PACKAGES;
    GetResellerBalance "getResellerBalance" Read "a client's balance, and what it spent": One("balance"), ONE_CLIENT;
    GetStates "getStates" Read "the codes of the states of the USA": Rows("states"), NONE;
    SetClient "setClient" IdempotentWrite "overwrite a client's record": Nothing, SET_CLIENT;
    SetClientThreshold "setClientThreshold" IdempotentWrite "set a client's own limit, and where it is told of it": Nothing, SET_CLIENT_THRESHOLD;
    SignupClient "signupClient" MoneyMovingWrite "make a new client": Perhaps("client"), SIGNUP_CLIENT;
}

impl Function {
    const fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The function of this name, spelled exactly so.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// What it means to send it again.
    #[must_use]
    pub const fn class(self) -> Class {
        self.facts().class
    }

    /// What it is for, in one line without a full stop.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        self.facts().summary
    }

    /// What it takes, in the order of the document.
    #[must_use]
    pub const fn parameters(self) -> &'static [Parameter] {
        self.facts().parameters
    }

    /// Its parameter of this name.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<&'static Parameter> {
        self.parameters().iter().find(|parameter| parameter.name == name)
    }

    /// Whether what it takes under this name is a password.
    #[must_use]
    pub fn is_password(self, name: &str) -> bool {
        self.parameter(name)
            .is_some_and(|parameter| parameter.kind == Kind::Password)
    }

    /// Whether it can be tried without an effect, by sending `test` as `1`.
    #[must_use]
    pub fn has_dry_run(self) -> bool {
        self.parameter("test").is_some()
    }

    /// The key under which a successful answer holds what was asked for; `None` when it holds nothing but its status.
    /// signupClient's may be absent also from a success.
    #[must_use]
    pub const fn result_key(self) -> Option<&'static str> {
        self.expected().key()
    }

    /// What a successful answer must have.
    pub(super) const fn expected(self) -> Expected {
        self.facts().expected
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
