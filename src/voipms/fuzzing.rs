//! What the fuzz targets call: any function's reading of any answer, without a client. Built for fuzzing alone, and adds
//! nothing to what it calls.

use std::net::IpAddr;

use super::functions::{
    self, BalanceManagement, Call, ClientPackage, ClientThreshold, Entry, GetClient, NewClient, Package,
    ResellerBalance, Rows, SetClient, SetClientThreshold, SignupClient, State,
};
use super::reply::read_reply;
use super::{Error, Function, RawAnswer, RawCall, WriteError};
use crate::domain::plan::{Country, Field, Read, Record};
use crate::domain::{Client, ClientId};
use crate::net::HttpAnswer;
use crate::redact::Redactor;

/// What an answer was read into.
#[derive(Clone, Debug)]
pub enum Answer {
    /// getResellerBalance or getBalance.
    Balance(ResellerBalance),
    /// getClients.
    Clients(Rows<Client>),
    /// getClients for one client.
    Record(Box<Read>),
    /// getClientThreshold.
    Threshold(ClientThreshold),
    /// getBalanceManagement.
    BalanceManagement(Vec<BalanceManagement>),
    /// getCountries.
    Countries(Vec<Country>),
    /// getStates.
    States(Rows<State>),
    /// getClientPackages.
    ClientPackages(Rows<ClientPackage>),
    /// getPackages.
    Packages(Rows<Package>),
    /// getCharges or getDeposits.
    Entries(Rows<Entry>),
    /// signupClient, with the id if it was told.
    SignedUp(Option<ClientId>),
    /// getIP.
    Address(IpAddr),
    /// A call as the command `api` makes it.
    Raw(RawAnswer),
    /// A function that answers nothing but its success.
    Done,
}

/// How an answer is asked for: every function, and in which ways its answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// getResellerBalance.
    ResellerBalance,
    /// getBalance.
    OwnBalance,
    /// getClients.
    Clients,
    /// getClients for one client.
    Record,
    /// getClientThreshold.
    Threshold,
    /// getBalanceManagement.
    BalanceManagement,
    /// getCountries.
    Countries,
    /// setClient.
    SetClient,
    /// getCharges.
    Charges,
    /// getDeposits.
    Deposits,
    /// getClientPackages.
    ClientPackages,
    /// getPackages.
    Packages,
    /// getStates.
    States,
    /// addCharge.
    AddCharge,
    /// addPayment.
    AddPayment,
    /// setClientThreshold.
    SetClientThreshold,
    /// signupClient.
    SignupClient,
    /// addCharge as `api` makes it, without effect.
    DryRun,
    /// getClients as `api` makes it.
    RawClients,
    /// getIP.
    Address,
}

/// Every question. New ones go to the end: inputs name them by position.
pub const QUESTIONS: [Question; 20] = [
    Question::ResellerBalance,
    Question::OwnBalance,
    Question::Clients,
    Question::Record,
    Question::Threshold,
    Question::BalanceManagement,
    Question::Countries,
    Question::SetClient,
    Question::Charges,
    Question::Deposits,
    Question::ClientPackages,
    Question::Packages,
    Question::States,
    Question::AddCharge,
    Question::AddPayment,
    Question::SetClientThreshold,
    Question::SignupClient,
    Question::DryRun,
    Question::RawClients,
    Question::Address,
];

/// A reader with the calls that it reads the answers to, and the secrets it must not show.
pub struct Reading {
    client: ClientId,
    record: Record,
    charge: RawCall,
    payment: RawCall,
    threshold: SetClientThreshold,
    signup: SignupClient,
    dry_run: RawCall,
    secrets: Redactor,
}

impl Reading {
    /// For questions about the client `id`, by somebody with the API password `password`; the client's own password, which
    /// setClient and signupClient send, is `portal_password`. `None` when one of them cannot be sent.
    #[must_use]
    pub fn new(id: &str, password: &str, portal_password: &str) -> Option<Self> {
        let client = ClientId::new(id).ok()?;
        let money = |function, amount, test: Option<&'static str>| {
            let mut arguments = vec![("client", id.to_owned()), (amount, "1.25".to_owned())];
            arguments.push(("description", "a marker".to_owned()));
            arguments.extend(test.map(|name| (name, "1".to_owned())));
            RawCall::new(function, arguments).ok()
        };
        Some(Self {
            record: record(&client, portal_password),
            charge: money(Function::AddCharge, "charge", None)?,
            payment: money(Function::AddPayment, "payment", None)?,
            threshold: SetClientThreshold::new(&client, 25, None).ok()?,
            signup: SignupClient::new(&newcomer(portal_password)).ok()?,
            dry_run: money(Function::AddCharge, "charge", Some("test"))?,
            secrets: Redactor::new(&[password]),
            client,
        })
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`WriteError`], as the client would give it: for a read it was never done.
    pub fn read(&self, question: Question, answer: &HttpAnswer) -> Result<Answer, WriteError> {
        let id = &self.client;
        match question {
            Question::ResellerBalance => self
                .call(&functions::get_reseller_balance(id), answer)
                .map(Answer::Balance),
            Question::OwnBalance => self.call(&functions::get_balance(), answer).map(Answer::Balance),
            Question::Clients => self.call(&functions::get_clients(None), answer).map(Answer::Clients),
            Question::Record => {
                let record = self.call(&GetClient(id), answer);
                record.map(|record| Answer::Record(Box::new(record)))
            }
            Question::Threshold => self
                .call(&functions::get_client_threshold(id), answer)
                .map(Answer::Threshold),
            Question::BalanceManagement => self
                .call(&functions::get_balance_management(), answer)
                .map(Answer::BalanceManagement),
            Question::Countries => self.call(&functions::get_countries(), answer).map(Answer::Countries),
            Question::Charges => self.call(&functions::get_charges(id), answer).map(Answer::Entries),
            Question::Deposits => self.call(&functions::get_deposits(id), answer).map(Answer::Entries),
            Question::ClientPackages => self
                .call(&functions::get_client_packages(id), answer)
                .map(Answer::ClientPackages),
            Question::Packages => self.call(&functions::get_packages(None), answer).map(Answer::Packages),
            Question::States => self.call(&functions::get_states(), answer).map(Answer::States),
            Question::Address => self.call(&functions::get_ip(), answer).map(Answer::Address),
            Question::SetClient => {
                let call = SetClient::new(&self.record).expect("it names its client and has a password");
                self.call(&call, answer).map(|()| Answer::Done)
            }
            Question::AddCharge => self.call(&self.charge, answer).map(|()| Answer::Done),
            Question::AddPayment => self.call(&self.payment, answer).map(|()| Answer::Done),
            Question::SetClientThreshold => self.call(&self.threshold.0, answer).map(|()| Answer::Done),
            Question::SignupClient => self.call(&self.signup, answer).map(Answer::SignedUp),
            Question::DryRun => self.call(&self.dry_run, answer).map(|()| raw(answer)),
            Question::RawClients => {
                let call = RawCall::new(Function::GetClients, Vec::new()).expect("getClients needs no arguments");
                self.call(&call, answer).map(|()| raw(answer))
            }
        }
    }

    fn call<C: Call>(&self, call: &C, answer: &HttpAnswer) -> Result<C::Answer, WriteError> {
        let read = read_reply(call, answer, &self.secrets);
        read.map_err(|problem| WriteError::of(call, Error::new(call.function(), problem)))
    }
}

fn raw(answer: &HttpAnswer) -> Answer {
    Answer::Raw(RawAnswer::new(answer.body.clone()))
}

fn record(client: &ClientId, password: &str) -> Record {
    Record::from_fields([(Field::Client, client.as_str()), (Field::Password, password)])
}

fn newcomer(password: &str) -> NewClient {
    let text = |text: &str| text.to_owned();
    NewClient {
        firstname: text("John"),
        lastname: text("Doe"),
        company: text("Consulting"),
        address: text("5491 190TH"),
        city: text("OPA LOCKA"),
        state: text("FLORIDA"),
        country: text("US"),
        zip: text("33055"),
        phone_number: text("5551112222"),
        email: text("john.doe@my-domain.com"),
        password: password.into(),
        activate: true,
        balance_management: None,
    }
}
