//! The API's functions by name, and what a repetition of each would mean.

use std::fmt;

/// A function of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// The list of clients, or one client's whole record.
    GetClients,
    /// A client's balance.
    GetResellerBalance,
    /// A client's own limit and address.
    GetClientThreshold,
    /// The account's codes of `balance_management`.
    GetBalanceManagement,
    /// The codes of countries.
    GetCountries,
    /// The reseller's own balance.
    GetBalance,
    /// Overwrites a client's record.
    SetClient,
}

/// What it means to send a call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Changes nothing: repeated when that is worth anything.
    Read,
    /// Sets a state. Sent once here all the same: what is true now may not be what the first try left.
    IdempotentWrite,
    /// Moves money: never repeated by the program.
    MoneyMovingWrite,
}

impl Function {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetClients => "getClients",
            Self::GetResellerBalance => "getResellerBalance",
            Self::GetClientThreshold => "getClientThreshold",
            Self::GetBalanceManagement => "getBalanceManagement",
            Self::GetCountries => "getCountries",
            Self::GetBalance => "getBalance",
            Self::SetClient => "setClient",
        }
    }

    /// What it means to send it again.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::SetClient => Class::IdempotentWrite,
            Self::GetClients
            | Self::GetResellerBalance
            | Self::GetClientThreshold
            | Self::GetBalanceManagement
            | Self::GetCountries
            | Self::GetBalance => Class::Read,
        }
    }

    /// Whether request or answer hold clients' passwords: nothing of such an answer is ever shown.
    pub(super) const fn carries_passwords(self) -> bool {
        matches!(self, Self::GetClients | Self::SetClient)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
