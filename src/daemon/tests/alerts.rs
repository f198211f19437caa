//! Alerts about clients and the account as a whole, sweep after sweep.
