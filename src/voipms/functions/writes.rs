//! addCharge, addPayment, setClientThreshold and signupClient: requests that were checked when they were made, by the same
//! checks as calls that are given in words. None of them is ever repeated by the program.

use secrecy::{ExposeSecret, SecretString};

use super::Call;
use crate::domain::{ClientId, Money};
use crate::voipms::answer::{Expected, Payload, Reader};
use crate::voipms::check::Unacceptable;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::scalar;
use crate::voipms::marker::Marker;
use crate::voipms::raw::RawCall;

/// Debits a client: the reseller's ledger alone, no card is touched (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCharge(pub(in crate::voipms) RawCall);

/// Credits a client: the reseller's ledger alone, no card is touched (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddPayment(pub(in crate::voipms) RawCall);

/// Sets a client's own limit. The address that is told of it stays when none is given (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetClientThreshold(pub(in crate::voipms) RawCall);

/// Makes a new client. There is no dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignupClient(RawCall);

impl AddCharge {
    /// A charge of `amount`, above zero with at most two decimals, described by `words`, which may be empty, and the
    /// marker by which it is found again.
    ///
    /// # Errors
    /// Everything that is [`Unacceptable`].
    pub fn new(client: &ClientId, amount: Money, words: &str, marker: Marker) -> Result<Self, Vec<Unacceptable>> {
        money(Function::AddCharge, client, ("charge", amount), words, marker).map(Self)
    }
}

impl AddPayment {
    /// A payment of `amount`, above zero with at most two decimals, described by `words`, which may be empty, and the
    /// marker by which it is found again.
    ///
    /// # Errors
    /// Everything that is [`Unacceptable`].
    pub fn new(client: &ClientId, amount: Money, words: &str, marker: Marker) -> Result<Self, Vec<Unacceptable>> {
        money(Function::AddPayment, client, ("payment", amount), words, marker).map(Self)
    }
}

fn money(
    function: Function,
    client: &ClientId,
    (name, amount): (&'static str, Money),
    words: &str,
    marker: Marker,
) -> Result<RawCall, Vec<Unacceptable>> {
    let description = if words.is_empty() {
        marker.to_string()
    } else {
        format!("{words} {marker}")
    };
    let arguments = vec![
        ("client", client.to_string()),
        (name, amount.for_people()),
        ("description", description),
    ];
    RawCall::new(function, arguments)
}

impl SetClientThreshold {
    /// A threshold from 1 to 250 in the account's currency (documented), and where it is told of it.
    ///
    /// # Errors
    /// Everything that is [`Unacceptable`].
    pub fn new(client: &ClientId, threshold: u16, email: Option<&str>) -> Result<Self, Vec<Unacceptable>> {
        let mut arguments = vec![("client", client.to_string()), ("threshold", threshold.to_string())];
        arguments.extend(email.map(|email| ("email", email.to_owned())));
        RawCall::new(Function::SetClientThreshold, arguments).map(Self)
    }
}

/// Somebody who is to become a client. Address and password are confirmed by the program.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// First name.
    pub firstname: String,
    /// Last name.
    pub lastname: String,
    /// Company; may be empty.
    pub company: String,
    /// Street.
    pub address: String,
    /// City.
    pub city: String,
    /// State or province. Whether by name or by code is not known.
    pub state: String,
    /// Country: a code of getCountries.
    pub country: String,
    /// Postal code.
    pub zip: String,
    /// Phone number.
    pub phone_number: String,
    /// E-mail address: the login to the client's portal.
    pub email: String,
    /// Password of the client's portal.
    pub password: SecretString,
    /// Whether the client is active at once. Otherwise it waits until somebody activates it on the portal (wiki).
    pub activate: bool,
    /// A code of getBalanceManagement; `None` leaves it to the API, which takes soft (wiki).
    pub balance_management: Option<String>,
}

impl SignupClient {
    /// Checks what is known of the new client.
    ///
    /// # Errors
    /// Everything that is [`Unacceptable`].
    pub fn new(client: &NewClient) -> Result<Self, Vec<Unacceptable>> {
        let password = client.password.expose_secret();
        let given: [(&'static str, &str); 14] = [
            ("firstname", &client.firstname),
            ("lastname", &client.lastname),
            ("company", &client.company),
            ("address", &client.address),
            ("city", &client.city),
            ("state", &client.state),
            ("country", &client.country),
            ("zip", &client.zip),
            ("phone_number", &client.phone_number),
            ("email", &client.email),
            ("confirm_email", &client.email),
            ("password", password),
            ("confirm_password", password),
            ("activate", if client.activate { "1" } else { "0" }),
        ];
        let management = client.balance_management.as_deref();
        let given = given
            .into_iter()
            .chain(management.map(|code| ("balance_management", code)));
        let arguments = given.map(|(name, value)| (name, value.to_owned())).collect();
        RawCall::new(Function::SignupClient, arguments).map(Self)
    }

    /// The address by which the client is found when the answer does not say its id.
    #[must_use]
    pub fn email(&self) -> &str {
        self.0.argument("email").unwrap_or_default()
    }
}

impl Call for SignupClient {
    type Answer = Option<ClientId>;

    fn function(&self) -> Function {
        self.0.function()
    }

    fn expected(&self) -> Expected {
        self.0.expected()
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        self.0.parameters(add);
    }

    fn secret(&self) -> Option<&str> {
        self.0.secret()
    }

    /// An id that cannot be read is none: the client was made all the same.
    fn read(&self, payload: Payload<'_>, _: &Reader<'_>) -> Result<Option<ClientId>, Problem> {
        let Payload::Value(id) = payload else {
            return Ok(None);
        };
        let id = scalar(id).flatten().and_then(|id| ClientId::new(&id).ok());
        Ok(id.filter(|id| !id.is_pseudo()))
    }
}
