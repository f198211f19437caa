//! One file for each function or pair of functions: what is sent, and what the answer means. `read` is what reads have in
//! common, `rows` what lists have. How a call is sent is not known here.

mod balance;
mod clients;
mod ip;
mod ledger;
mod lists;
mod packages;
mod read;
mod rows;
mod set_client;
mod threshold;
mod writes;

pub use balance::ResellerBalance;
pub(super) use balance::{get_balance, get_reseller_balance};
pub(super) use clients::{GetClient, get_clients, passwords};
pub(super) use ip::get_ip;
pub use ledger::Entry;
pub(super) use ledger::{get_charges, get_deposits};
pub use lists::{BalanceManagement, ClientPackage, State};
pub(super) use lists::{get_balance_management, get_client_packages, get_countries, get_states};
pub use packages::Package;
pub(super) use packages::get_packages;
pub use rows::Rows;
pub(super) use set_client::SetClient;
pub use threshold::ClientThreshold;
pub(super) use threshold::get_client_threshold;
pub use writes::{AddCharge, AddPayment, NewClient, SetClientThreshold, SignupClient};

use super::answer::{Expected, Payload, Reader};
use super::error::Problem;
use super::function::Function;

/// A typed call.
pub(super) trait Call {
    /// What a good answer is read into.
    type Answer;

    /// The function.
    fn function(&self) -> Function;

    /// What a successful answer must have.
    fn expected(&self) -> Expected {
        self.function().expected()
    }

    /// Hands every parameter to `add`.
    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str));

    /// A secret among the parameters, which the answer may repeat.
    fn secret(&self) -> Option<&str> {
        None
    }

    /// Whether the API is asked to change nothing. Only then is `success_test` a success, and `success` none.
    fn is_dry_run(&self) -> bool {
        false
    }

    /// Reads the payload of a successful answer.
    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Self::Answer, Problem>;
}
