//! How to find out whether a write was done: whom to ask about what, and what shows it. Nothing is asked here.

use super::call::Call;
use super::function::Function;
use super::marker::Marker;

/// How to find out whether a write was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindOut {
    /// The function that tells.
    pub function: Function,
    /// Whom to ask it about: the client's id, or the e-mail address of the client that was to be made.
    pub client: String,
    /// What that shows if it was done, and how soon. How soon entries are listed was never measured.
    pub shows: String,
}

impl FindOut {
    /// For a write; `None` for a read, of which there is nothing to find out.
    #[must_use]
    pub fn of(call: &Call) -> Option<Self> {
        let text = |name| call.argument(name).unwrap_or_default();
        let (function, who, shows) = match call.function() {
            Function::AddCharge => (Function::GetCharges, "client", entry(call, "charge")),
            Function::AddPayment => (Function::GetDeposits, "client", entry(call, "payment")),
            Function::SetClient => (
                Function::GetClients,
                "client",
                "the new values if it was done".to_owned(),
            ),
            Function::SetClientThreshold => (
                Function::GetClientThreshold,
                "client",
                format!("the threshold {} if it was done", text("threshold")),
            ),
            Function::SignupClient => (
                Function::GetClients,
                "email",
                "the client if it was done, else `invalid_client`".to_owned(),
            ),
            _ => return None,
        };
        let client = text(who).to_owned();
        Some(Self {
            function,
            client,
            shows,
        })
    }
}

/// What shows a charge or a payment.
fn entry(call: &Call, amount: &str) -> String {
    let amount = call.argument(amount).unwrap_or_default();
    let told_by = match call.argument("description") {
        Some(description) if Marker::ends(description) => format!("described as `{description}` if it was done"),
        // Rents and fees are described alike month after month: the one of last month proves nothing.
        Some(description) => format!(
            "described as `{description}` and dated today, in Toronto, if it was done; an older one like it says nothing"
        ),
        None => "dated today, in Toronto, if it was done; an older one like it says nothing".to_owned(),
    };
    format!("an entry of {amount} {told_by}; how soon is not known, so look more than once before repeating it")
}
