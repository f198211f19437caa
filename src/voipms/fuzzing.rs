//! What the fuzz targets call: any function's reading of any answer, without a client. Built for fuzzing alone, and adds
//! nothing to what it calls.

use std::net::IpAddr;

use super::functions::{self, ClientThreshold, Entry, ResellerBalance, Rows, read_entries, read_packages, read_pairs};
use super::question;
use super::reply::read_reply;
use super::{Call, CallError, Function};
use crate::domain::plan::{Field, Read, Record};
use crate::domain::{Client, ClientId};
use crate::net::HttpAnswer;
use crate::redact::Redactor;

/// What an answer was read into.
#[derive(Clone, Debug)]
pub enum Answer {
    Balance(ResellerBalance),
    Clients(Rows<Client>),
    /// getClients for one client.
    Record(Box<Read>),
    Threshold(ClientThreshold),
    /// Codes and what they mean, of any function that lists them.
    Pairs(Vec<(String, String)>),
    /// getPackages: how many rows can be used, and how many cannot.
    Packages(usize, usize),
    Entries(Rows<Entry>),
    Address(IpAddr),
    /// A call that was sent as it was given.
    Raw(super::Answer),
}

/// How an answer is asked for: every function, and in which ways its answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// As the daemon reads it; a write as it is given.
    Of(Function),
    /// getClients for one client.
    Record,
    DryRun,
    /// getClients as `api` makes it.
    RawClients,
}

/// Every question. New ones go to the end: inputs name them by position.
pub const QUESTIONS: [Question; 20] = [
    Question::Of(Function::GetResellerBalance),
    Question::Of(Function::GetBalance),
    Question::Of(Function::GetClients),
    Question::Record,
    Question::Of(Function::GetClientThreshold),
    Question::Of(Function::GetBalanceManagement),
    Question::Of(Function::GetCountries),
    Question::Of(Function::SetClient),
    Question::Of(Function::GetCharges),
    Question::Of(Function::GetDeposits),
    Question::Of(Function::GetClientPackages),
    Question::Of(Function::GetPackages),
    Question::Of(Function::GetStates),
    Question::Of(Function::AddCharge),
    Question::Of(Function::AddPayment),
    Question::Of(Function::SetClientThreshold),
    Question::Of(Function::SignupClient),
    Question::DryRun,
    Question::RawClients,
    Question::Of(Function::GetIp),
];

/// A reader with whom its calls are about, and the secrets it must not show.
pub struct Reading {
    client: ClientId,
    password: String,
    portal_password: String,
}

impl Reading {
    /// For questions about the client `id`, by somebody with the API password `password`; the client's own password, which
    /// setClient and signupClient send, is `portal_password`. `None` when the id is none.
    #[must_use]
    pub fn new(id: &str, password: &str, portal_password: &str) -> Option<Self> {
        Some(Self {
            client: ClientId::new(id).ok()?,
            password: password.to_owned(),
            portal_password: portal_password.to_owned(),
        })
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`CallError`], as the client would give it.
    pub fn read(&self, question: Question, answer: &HttpAnswer) -> Result<Answer, CallError> {
        let id = &self.client;
        let function = match question {
            Question::Record => {
                let record = self.ask(&functions::get_client(id), answer);
                return record.map(|record| Answer::Record(Box::new(record)));
            }
            Question::DryRun => return self.raw(self.write(Function::AddCharge, &[("test", "1")]), answer),
            Question::RawClients => return self.raw(Call::plain(Function::GetClients), answer),
            Question::Of(function) => function,
        };
        match function {
            Function::GetResellerBalance => {
                let balance = self.ask(&functions::get_reseller_balance(id), answer);
                balance.map(Answer::Balance)
            }
            Function::GetBalance => self.ask(&functions::get_balance(), answer).map(Answer::Balance),
            Function::GetClients => self.ask(&functions::get_clients(), answer).map(Answer::Clients),
            Function::GetClientThreshold => {
                let threshold = self.ask(&functions::get_client_threshold(id), answer);
                threshold.map(Answer::Threshold)
            }
            Function::GetCharges | Function::GetDeposits => {
                let entries = question::Question::new(Call::of_client(function, id), read_entries);
                self.ask(&entries, answer).map(Answer::Entries)
            }
            Function::GetBalanceManagement
            | Function::GetCountries
            | Function::GetClientPackages
            | Function::GetStates => {
                let call = Call::of_client(function, id);
                let pairs = question::Question::new(call, |call, payload, reader| {
                    read_pairs(call.function(), payload, reader)
                });
                self.ask(&pairs, answer).map(|list| Answer::Pairs(list.rows))
            }
            Function::GetPackages => {
                let read = |_: &Call, payload: super::answer::Payload<'_>, reader: &super::answer::Reader<'_>| {
                    read_packages(payload, reader)
                };
                let packages = question::Question::new(Call::plain(function), read);
                let list = self.ask(&packages, answer)?;
                Ok(Answer::Packages(list.rows.len(), list.odd.len()))
            }
            Function::GetIp => self.ask(&functions::get_ip(), answer).map(Answer::Address),
            Function::SetClient => {
                let password = self.portal_password.as_str();
                let record = Record::from_fields([(Field::Client, id.as_str()), (Field::Password, password)]);
                let call = Call::set_client(&record).expect("it names its client and has a password");
                self.raw(call, answer)
            }
            Function::AddCharge | Function::AddPayment | Function::SetClientThreshold | Function::SignupClient => {
                self.raw(self.write(function, &[]), answer)
            }
        }
    }

    /// A write with every argument that is required, an example for each, and some more.
    fn write(&self, function: Function, more: &[(&'static str, &str)]) -> Call {
        let required = function.parameters().iter().filter(|parameter| parameter.required);
        let required = required.map(|parameter| match parameter.name {
            "client" => ("client", self.client.as_str()),
            name if function.is_password(name) => (name, self.portal_password.as_str()),
            name => (name, parameter.example),
        });
        let arguments = required.chain(more.iter().copied());
        let arguments = arguments.map(|(name, value)| (name, value.to_owned()));
        Call::new(function, arguments.collect()).expect("the examples are good")
    }

    fn raw(&self, call: Call, answer: &HttpAnswer) -> Result<Answer, CallError> {
        self.ask(&question::Question::of_success(call), answer)?;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        Ok(Answer::Raw(super::Answer::new(body)))
    }

    fn ask<A>(&self, question: &question::Question<A>, answer: &HttpAnswer) -> Result<A, CallError> {
        let read = read_reply(question, answer, &Redactor::new(&[&self.password]));
        read.map_err(|problem| CallError::new(&question.call, problem, None))
    }
}
