//! What each function takes: names, meanings and examples as in the API's document, and of what kind each value is. How
//! a kind is checked stands in `check`; nothing is sent here.

/// A parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether the document says that it is required.
    pub required: bool,
    /// What it may be.
    pub kind: Kind,
    /// What it means, in the words of the document.
    pub meaning: &'static str,
    /// An example: the document's own, or what its sample answers hold there.
    pub example: &'static str,
}

/// What a value may be. The document names the values; bounds that it leaves open are ours, and wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A client's id: digits.
    Client,
    /// A client's id or e-mail address, or nothing for all clients.
    ClientOrEmail,
    /// An amount of money above zero, with at most two decimals.
    Amount,
    /// A whole number from 1 to 250.
    Threshold,
    Email,
    /// A country's code: two capital letters. Which codes there are only getCountries knows.
    Country,
    Flag,
    /// `1`. The API takes nothing else, also not `true`, for a dry run, and would move the money.
    DryRun,
    /// `1` or `True`: the document says `True`, flags are `1` everywhere else, and both were in use.
    Advanced,
    /// A code that another function lists.
    Code,
    /// A line of text. One that is not required may be empty.
    Text,
    /// What is to stand beside a charge or payment.
    Description,
    /// A client's password. Never shown.
    Password,
}

impl Parameter {
    const fn required(name: &'static str, kind: Kind, meaning: &'static str, example: &'static str) -> Self {
        Self {
            name,
            required: true,
            kind,
            meaning,
            example,
        }
    }

    const fn optional(name: &'static str, kind: Kind, meaning: &'static str, example: &'static str) -> Self {
        let mut parameter = Self::required(name, kind, meaning, example);
        parameter.required = false;
        parameter
    }
}

const CLIENT: Parameter = Parameter::required("client", Kind::Client, "ID for a specific Reseller Client", "561115");
const COMPANY: Parameter = Parameter::optional("company", Kind::Text, "Client's Company", "Consulting");
const FIRSTNAME: Parameter = Parameter::required("firstname", Kind::Text, "Client's Firstname", "John");
const LASTNAME: Parameter = Parameter::required("lastname", Kind::Text, "Client's Lastname", "Doe");
const EMAIL: Parameter = Parameter::required("email", Kind::Email, "Client's e-mail", "john.doe@my-domain.com");
const PASSWORD: Parameter = Parameter::required("password", Kind::Password, "Client's Password", "johnspassword");
const ADDRESS: Parameter = Parameter::optional("address", Kind::Text, "Client's Address", "5491 190TH");
const CITY: Parameter = Parameter::optional("city", Kind::Text, "Client's City", "OPA LOCKA");
const STATE: Parameter = Parameter::optional("state", Kind::Text, "Client's State", "FLORIDA");
const COUNTRY: Parameter = Parameter::optional(
    "country",
    Kind::Country,
    "Client's Country (Values from getCountries)",
    "US",
);
const ZIP: Parameter = Parameter::optional("zip", Kind::Text, "Client's Zip Code", "33055");
const PHONE_NUMBER: Parameter = Parameter::required("phone_number", Kind::Text, "Client's Phone Number", "5551112222");
const BALANCE_MANAGEMENT: Parameter = Parameter::optional(
    "balance_management",
    Kind::Code,
    "Balance Management for Client (Values from getBalanceManagement)",
    "1",
);

/// The same parameter where the document requires it.
const fn needed(mut parameter: Parameter) -> Parameter {
    parameter.required = true;
    parameter
}

pub(super) const NONE: &[Parameter] = &[];

pub(super) const ONE_CLIENT: &[Parameter] = &[CLIENT];

#[rustfmt::skip]
pub(super) const ADD_CHARGE: &[Parameter] = &[
    CLIENT,
    Parameter::required("charge", Kind::Amount, "Amount of money that will be Debited from the customer", "4.99"),
    Parameter::optional("description", Kind::Description, "Charge Description", "DID5551234567"),
    Parameter::optional("test", Kind::DryRun, "Set to 1 if testing how adding charges works", "1"),
];

#[rustfmt::skip]
pub(super) const ADD_PAYMENT: &[Parameter] = &[
    CLIENT,
    Parameter::required("payment", Kind::Amount, "Amount of money that will be Credited to the customer", "4.99"),
    Parameter::optional("description", Kind::Description, "Payment Description", "Want To Keep Positive Balance"),
    Parameter::optional("test", Kind::DryRun, "Set to 1 if testing how adding payments works", "1"),
];

pub(super) const GET_BALANCE: &[Parameter] = &[Parameter::optional(
    "advanced",
    Kind::Advanced,
    "True for Calls Statistics",
    "1",
)];

pub(super) const GET_BALANCE_MANAGEMENT: &[Parameter] = &[Parameter::optional(
    "balance_management",
    Kind::Code,
    "Code for a specific Balance Management Setting",
    "1",
)];

pub(super) const GET_CLIENTS: &[Parameter] = &[Parameter::optional(
    "client",
    Kind::ClientOrEmail,
    "Specific Reseller Client ID or e-mail; empty for all clients",
    "john.doe@mydomain.com",
)];

pub(super) const GET_COUNTRIES: &[Parameter] = &[Parameter::optional(
    "country",
    Kind::Country,
    "Code for a specific Country",
    "CA",
)];

pub(super) const GET_PACKAGES: &[Parameter] = &[Parameter::optional(
    "package",
    Kind::Code,
    "Code for a specific Package",
    "8378",
)];

pub(super) const SET_CLIENT: &[Parameter] = &[
    CLIENT,
    EMAIL,
    PASSWORD,
    COMPANY,
    FIRSTNAME,
    LASTNAME,
    ADDRESS,
    CITY,
    STATE,
    COUNTRY,
    ZIP,
    PHONE_NUMBER,
    BALANCE_MANAGEMENT,
];

#[rustfmt::skip]
pub(super) const SET_CLIENT_THRESHOLD: &[Parameter] = &[
    CLIENT,
    Parameter::required("threshold", Kind::Threshold, "Threshold amount between 1 and 250", "10"),
    Parameter::optional("email", Kind::Email, "Client's e-mail for balance threshold notification", "john.doe@my-domain.com"),
];

#[rustfmt::skip]
pub(super) const SIGNUP_CLIENT: &[Parameter] = &[
    FIRSTNAME,
    LASTNAME,
    COMPANY,
    needed(ADDRESS),
    needed(CITY),
    needed(STATE),
    needed(COUNTRY),
    needed(ZIP),
    PHONE_NUMBER,
    EMAIL,
    Parameter::required("confirm_email", Kind::Email, "Client's Confirmation e-mail", "john.doe@my-domain.com"),
    PASSWORD,
    Parameter::required("confirm_password", Kind::Password, "Client's Confirmation Password", "johnspassword"),
    Parameter::optional("activate", Kind::Flag, "Activates Client (Boolean: 1/0)", "1"),
    BALANCE_MANAGEMENT,
];
