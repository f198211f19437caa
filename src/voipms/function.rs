//! The API's functions by name: what each is for, what it takes, what a good answer holds, and what a repetition of it
//! would mean. No call is made here.

use std::fmt;

use super::answer::Expected;
use super::parameters::{self, Parameter};

/// A function of the API: the thirteen client functions of the document that this program was made from, and four that
/// tell which values those take, how the reseller itself stands, or as whom the API sees this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Debits a client.
    AddCharge,
    /// Credits a client.
    AddPayment,
    /// The reseller's own balance.
    GetBalance,
    /// The account's codes of `balance_management`.
    GetBalanceManagement,
    /// What a client was debited with.
    GetCharges,
    /// The packages that a client has.
    GetClientPackages,
    /// A client's own limit and address.
    GetClientThreshold,
    /// The list of clients, or one client's whole record.
    GetClients,
    /// The codes of countries.
    GetCountries,
    /// What a client was credited with.
    GetDeposits,
    /// The address that calls come from. The only function that answers any address (documented).
    GetIp,
    /// The reseller's packages.
    GetPackages,
    /// A client's balance.
    GetResellerBalance,
    /// The codes of the states of the USA.
    GetStates,
    /// Overwrites a client's record.
    SetClient,
    /// Sets a client's own limit.
    SetClientThreshold,
    /// Makes a new client.
    SignupClient,
}

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

/// What is known of a function.
struct Facts {
    name: &'static str,
    class: Class,
    expected: Expected,
    summary: &'static str,
    parameters: &'static [Parameter],
}

/// A row for each function, in the order of [`Function::ALL`].
static FACTS: [Facts; 17] = [
    Facts {
        name: "addCharge",
        class: Class::MoneyMovingWrite,
        expected: Expected::Nothing,
        summary: "debit a client",
        parameters: parameters::ADD_CHARGE,
    },
    Facts {
        name: "addPayment",
        class: Class::MoneyMovingWrite,
        expected: Expected::Nothing,
        summary: "credit a client",
        parameters: parameters::ADD_PAYMENT,
    },
    Facts {
        name: "getBalance",
        class: Class::Read,
        expected: Expected::One("balance"),
        summary: "the reseller's own balance",
        parameters: parameters::GET_BALANCE,
    },
    Facts {
        name: "getBalanceManagement",
        class: Class::Read,
        expected: Expected::Rows("balance_management"),
        summary: "the codes of balance_management, and what each means",
        parameters: parameters::GET_BALANCE_MANAGEMENT,
    },
    Facts {
        name: "getCharges",
        class: Class::Read,
        expected: Expected::Ledger("charges"),
        summary: "what a client was debited with",
        parameters: parameters::ONE_CLIENT,
    },
    Facts {
        name: "getClientPackages",
        class: Class::Read,
        expected: Expected::Rows("packages"),
        summary: "the packages that a client has",
        parameters: parameters::ONE_CLIENT,
    },
    Facts {
        name: "getClientThreshold",
        class: Class::Read,
        expected: Expected::One("threshold_information"),
        summary: "a client's own limit, and where it is told of it",
        parameters: parameters::ONE_CLIENT,
    },
    Facts {
        name: "getClients",
        class: Class::Read,
        expected: Expected::Rows("clients"),
        summary: "all clients, or one of them, with their records",
        parameters: parameters::GET_CLIENTS,
    },
    Facts {
        name: "getCountries",
        class: Class::Read,
        expected: Expected::Rows("countries"),
        summary: "the codes of countries",
        parameters: parameters::GET_COUNTRIES,
    },
    Facts {
        name: "getDeposits",
        class: Class::Read,
        expected: Expected::Ledger("deposits"),
        summary: "what a client was credited with",
        parameters: parameters::ONE_CLIENT,
    },
    Facts {
        name: "getIP",
        class: Class::Read,
        expected: Expected::One("ip"),
        summary: "the address that VoIP.ms sees this machine at",
        parameters: &[],
    },
    Facts {
        name: "getPackages",
        class: Class::Read,
        expected: Expected::Rows("packages"),
        summary: "the reseller's packages: their fees and mark-ups",
        parameters: parameters::GET_PACKAGES,
    },
    Facts {
        name: "getResellerBalance",
        class: Class::Read,
        expected: Expected::One("balance"),
        summary: "a client's balance, and what it spent",
        parameters: parameters::ONE_CLIENT,
    },
    Facts {
        name: "getStates",
        class: Class::Read,
        expected: Expected::Rows("states"),
        summary: "the codes of the states of the USA",
        parameters: &[],
    },
    Facts {
        name: "setClient",
        class: Class::IdempotentWrite,
        expected: Expected::Nothing,
        summary: "overwrite a client's record",
        parameters: parameters::SET_CLIENT,
    },
    Facts {
        name: "setClientThreshold",
        class: Class::IdempotentWrite,
        expected: Expected::Nothing,
        summary: "set a client's own limit, and where it is told of it",
        parameters: parameters::SET_CLIENT_THRESHOLD,
    },
    Facts {
        name: "signupClient",
        class: Class::MoneyMovingWrite,
        expected: Expected::Perhaps("client"),
        summary: "make a new client",
        parameters: parameters::SIGNUP_CLIENT,
    },
];

impl Function {
    /// All of them, by name.
    pub const ALL: [Self; 17] = [
        Self::AddCharge,
        Self::AddPayment,
        Self::GetBalance,
        Self::GetBalanceManagement,
        Self::GetCharges,
        Self::GetClientPackages,
        Self::GetClientThreshold,
        Self::GetClients,
        Self::GetCountries,
        Self::GetDeposits,
        Self::GetIp,
        Self::GetPackages,
        Self::GetResellerBalance,
        Self::GetStates,
        Self::SetClient,
        Self::SetClientThreshold,
        Self::SignupClient,
    ];

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

    /// Whether request or answer hold clients' passwords: nothing of such an answer is ever shown.
    pub(super) const fn carries_passwords(self) -> bool {
        matches!(self, Self::GetClients | Self::SetClient | Self::SignupClient)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
