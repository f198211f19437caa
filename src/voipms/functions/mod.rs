//! One file for each function or pair of functions whose answers are read: what is asked, and what the answer means. `rows`
//! is what lists have in common. How a call is sent is not known here.

mod balance;
mod clients;
mod entries;
mod ip;
mod lists;
mod rows;
mod threshold;

pub use balance::ResellerBalance;
pub(super) use balance::{get_balance, get_reseller_balance, read_balance};
pub(super) use clients::{get_client, get_clients, get_passwords, read_clients};
pub use entries::Entry;
pub(super) use entries::{get_charges, get_deposits, read_entries};
pub(super) use ip::{get_ip, read_ip};
pub use lists::BalanceManagement;
pub(super) use lists::{get_balance_management, get_client_packages, get_countries, read_packages, read_pairs};
pub use rows::Rows;
pub use threshold::ClientThreshold;
pub(super) use threshold::{get_client_threshold, read_threshold};
