//! What people decide on pages. A form comes in, the desk decides; then the browser is sent back to a page that says so, or is
//! shown the form again with what is wrong in it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::layout::{Notice, Visitor};
use super::{alerts, enforcements, links, notifications, silences};
use crate::config::Account;
use crate::desk::acks::Taken;
use crate::desk::approvals::Answer;
use crate::desk::silences::Wanted;
use crate::desk::{Desk, Refusal, spoken};
use crate::domain::AccountName;
use crate::view::Tone;
use crate::web::Site;
use crate::web::access::{DecisionForm, Writer};
use crate::web::answer::Refused;
use crate::web::login;

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/acks", post(acknowledge))
        .route("/silences", post(silence))
        .route("/silences/expire", post(expire))
        .route("/brake", post(brake))
        .route("/enforcements/answer", post(answer))
        .route("/holds", post(hold))
        .route("/notifications/retry", post(retry))
        .route("/notifications/retry-all", post(retry_all))
        .route("/notifications/give-up", post(give_up))
}

/// What a form sends. Each form fills in some of it; what is empty was not filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    pub account: String,
    pub client: String,
    pub policy: String,
    pub channel: String,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: String,
    pub comment: String,
    /// What it is about, where that has an id.
    pub id: String,
    /// `on` or `off`; of an answer `approve`, `reject` or `undo`.
    pub set: String,
    /// The page that it was sent from, where several have the form.
    pub back: String,
}

/// What was done. A page says it in words of its own, so that no link can make it say anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Acknowledged,
    Silenced,
    Expired,
    BrakeOn,
    BrakeOff,
    Approved,
    Rejected,
    Undone,
    Held,
    Released,
    Retried,
    GivenUp,
}

impl Done {
    const ALL: [Self; 12] = [
        Self::Acknowledged,
        Self::Silenced,
        Self::Expired,
        Self::BrakeOn,
        Self::BrakeOff,
        Self::Approved,
        Self::Rejected,
        Self::Undone,
        Self::Held,
        Self::Released,
        Self::Retried,
        Self::GivenUp,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
            Self::Expired => "expired",
            Self::BrakeOn => "brake-on",
            Self::BrakeOff => "brake-off",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Undone => "undone",
            Self::Held => "held",
            Self::Released => "released",
            Self::Retried => "retried",
            Self::GivenUp => "given-up",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Acknowledged => "Acknowledged: nobody is reminded until it ends, and its end is told.",
            Self::Silenced => "Silenced. What still fires when the silence ends is told then.",
            Self::Expired => "The silence has ended: what still fires is told with its next reading.",
            Self::BrakeOn => "The brake is on: nothing is enforced. Watching, alerts and mails go on.",
            Self::BrakeOff => {
                "The brake is off: what is asked for is looked at again in the next sweep, with fresh readings."
            }
            Self::Approved => {
                "Approved: once enough people did, it is made in the next sweep, if it is still called for and no guard stands in \
                 the way."
            }
            Self::Rejected => "Rejected: it is not asked for again while its alert lasts.",
            Self::Undone => {
                "It is taken back within seconds, if nobody changed the record since. Its line below says what came of it."
            }
            Self::Held => {
                "Held: no policy changes this client until somebody releases it. Watching, alerts and mails go on."
            }
            Self::Released => "Released: what is asked for is looked at again in the next sweep, with fresh readings.",
            Self::Retried => "Due now: it is tried within 5 seconds.",
            Self::GivenUp => "Given up: its alert ends when no other dead notification is left to deal with.",
        }
    }

    /// What a page says whose address asks for this.
    pub fn said_by(query: &str) -> Option<Notice> {
        let (_, word) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?;
        let done = Self::ALL.into_iter().find(|done| done.word() == word)?;
        let (text, tone) = (done.sentence().to_owned(), Tone::Good);
        Some(Notice { text, tone })
    }
}

/// Why something was not done.
#[derive(Clone, Debug)]
pub struct Wrong {
    status: StatusCode,
    /// Which field of the form is to be mended; empty: none alone.
    field: &'static str,
    text: String,
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        let Refused { status, error, hint } = refusal.into();
        let hint = if hint.is_empty() { hint } else { format!(" ({hint})") };
        Self {
            status,
            field: "",
            text: error + &hint,
        }
    }
}

/// A form as it was filled in, and what is wrong with it: for the page that shows it again.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub filled: Filled,
    pub wrong: Option<Wrong>,
}

impl Draft {
    /// What is wrong with a field.
    pub fn wrong_in(&self, field: &str) -> Option<&str> {
        let wrong = self.wrong.as_ref().filter(|wrong| wrong.field == field);
        wrong.map(|wrong| wrong.text.as_str())
    }

    /// What is to be said first.
    pub fn notice(&self) -> Option<Notice> {
        let wrong = self.wrong.as_ref()?;
        let field = if wrong.field.is_empty() {
            String::new()
        } else {
            format!("{}: ", wrong.field)
        };
        Some(Notice {
            text: format!("Nothing was done. {field}{}", wrong.text),
            tone: Tone::Bad,
        })
    }

    pub fn status(&self) -> StatusCode {
        self.wrong.as_ref().map_or(StatusCode::OK, |wrong| wrong.status)
    }
}

/// A field as it must be, or what is wrong with it.
fn field<T>(field: &'static str, read: Result<T, String>) -> Result<T, Wrong> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    read.map_err(|text| Wrong { status, field, text })
}

/// The account that a form is about; where there is only one, none needs to be named.
fn account<'d>(desk: &'d Desk, form: &Filled) -> Result<&'d Account, Wrong> {
    match &desk.settings.accounts[..] {
        [only] if form.account.is_empty() => Ok(only),
        _ if form.account.is_empty() => field("account", Err("there are several: choose one".to_owned())),
        _ => Ok(desk.account(&form.account)?),
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

impl Site {
    /// Sends a browser back to where it came from, or else to `page`, which says what was done.
    fn after(&self, form: &Filled, page: &str, done: Done) -> Response {
        self.pictures.outdate();
        let back = if form.back.is_empty() {
            page
        } else {
            login::local(&form.back)
        };
        Redirect::to(&links::with(back, &[("done", done.word())])).into_response()
    }
}

type Sent = DecisionForm<Filled>;

async fn acknowledge(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match take(&site.desk(), &writer, &form).await {
        Ok(()) => Ok(site.after(&form, "/alerts", Done::Acknowledged)),
        Err(wrong) => alerts::page(&site, visitor, alerts::Asked::default(), Draft::of(form, wrong)).await,
    }
}

async fn take(desk: &Desk, writer: &Writer, form: &Filled) -> Result<(), Wrong> {
    let comment = given(&form.comment)
        .map(|text| field("comment", spoken::reason(text)))
        .transpose()?;
    let taken = Taken {
        client: form.client.trim(),
        policy: given(&form.policy),
        episode: None,
        lasts: given(&form.lasts)
            .map(|text| field("for", spoken::lasting(text)))
            .transpose()?,
        comment: comment.as_deref().unwrap_or_default(),
        by: &writer.by,
    };
    desk.acknowledge(account(desk, form)?, &taken).await?;
    Ok(())
}

async fn silence(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match hush(&site.desk(), &writer, &form).await {
        Ok(()) => Ok(site.after(&form, "/silences", Done::Silenced)),
        Err(wrong) => silences::page(&site, visitor, Draft::of(form, wrong)).await,
    }
}

async fn hush(desk: &Desk, writer: &Writer, form: &Filled) -> Result<(), Wrong> {
    let comment = field("comment", spoken::reason(&form.comment))?;
    let wanted = Wanted {
        client: given(&form.client),
        policy: given(&form.policy),
        until: desk.until(field("for", spoken::lasting(form.lasts.trim()))?),
        comment: &comment,
        by: &writer.by,
    };
    desk.silence(account(desk, form)?, &wanted).await?;
    Ok(())
}

async fn expire(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { form, .. } = sent;
    let desk = site.desk();
    let accounts = desk.settings.accounts.iter().map(|account| account.name.clone());
    let accounts: Vec<AccountName> = accounts.collect();
    match desk.expire(&accounts, &form.id).await {
        Ok(_) => Ok(site.after(&form, "/silences", Done::Expired)),
        Err(refusal) => silences::page(&site, visitor, Draft::of(Filled::default(), refusal.into())).await,
    }
}

async fn brake(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match set_brake(&site.desk(), &writer, &form).await {
        Ok(done) => Ok(site.after(&form, "/enforcements", done)),
        Err(wrong) => enforcements::page(&site, visitor, enforcements::Asked::default(), Draft::of(form, wrong)).await,
    }
}

async fn set_brake(desk: &Desk, writer: &Writer, form: &Filled) -> Result<Done, Wrong> {
    let account = &account(desk, form)?.name;
    match form.set.as_str() {
        "off" => {
            desk.brake_off(account).await?;
            return Ok(Done::BrakeOff);
        }
        "on" => {}
        _ => return field("set", Err("it is `on` or `off`".to_owned())),
    }
    let reason = field("comment", spoken::reason(&form.comment))?;
    desk.brake_on(account, &writer.by, &reason).await?;
    Ok(Done::BrakeOn)
}

async fn answer(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match take_answer(&site.desk(), &writer, &form).await {
        Ok(done) => Ok(site.after(&form, "/enforcements", done)),
        Err(wrong) => enforcements::page(&site, visitor, enforcements::Asked::default(), Draft::of(form, wrong)).await,
    }
}

async fn take_answer(desk: &Desk, writer: &Writer, form: &Filled) -> Result<Done, Wrong> {
    let comment = field("comment", spoken::reason(&form.comment))?;
    let answer = Answer {
        id: &form.id,
        comment: &comment,
        by: &writer.by,
    };
    match form.set.as_str() {
        "approve" => desk.approve(&answer).await.map(|_| Done::Approved),
        "reject" => desk.reject(&answer).await.map(|_| Done::Rejected),
        "undo" => desk.undo(&answer).await.map(|_| Done::Undone),
        _ => return field("set", Err("it is `approve`, `reject` or `undo`".to_owned())),
    }
    .map_err(Wrong::from)
}

async fn hold(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match set_hold(&site.desk(), &writer, &form).await {
        Ok(done) => Ok(site.after(&form, "/enforcements", done)),
        Err(wrong) => enforcements::page(&site, visitor, enforcements::Asked::default(), Draft::of(form, wrong)).await,
    }
}

async fn set_hold(desk: &Desk, writer: &Writer, form: &Filled) -> Result<Done, Wrong> {
    let (account, client) = (account(desk, form)?, form.client.trim());
    if form.set == "off" {
        desk.release(account, client).await?;
        return Ok(Done::Released);
    }
    let reason = field("comment", spoken::reason(&form.comment))?;
    desk.hold(account, client, &reason, &writer.by).await?;
    Ok(Done::Held)
}

async fn retry(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { form, .. } = sent;
    match site.desk().retry(&form.id).await {
        Ok(()) => Ok(site.after(&form, &notification(&form.id), Done::Retried)),
        Err(refusal) => notifications::page(&site, visitor, (&form).into(), Draft::of(form, refusal.into())).await,
    }
}

async fn retry_all(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { form, .. } = sent;
    match site.desk().retry_all(given(&form.channel)).await {
        Ok(_) => Ok(site.after(&form, "/notifications", Done::Retried)),
        Err(refusal) => notifications::page(&site, visitor, (&form).into(), Draft::of(form, refusal.into())).await,
    }
}

async fn give_up(State(site): State<Arc<Site>>, visitor: Visitor, sent: Sent) -> Result<Response, Refused> {
    let DecisionForm { writer, form } = sent;
    match drop_dead(&site.desk(), &writer, &form).await {
        Ok(()) => Ok(site.after(&form, &notification(&form.id), Done::GivenUp)),
        Err(wrong) => notifications::page(&site, visitor, (&form).into(), Draft::of(form, wrong)).await,
    }
}

async fn drop_dead(desk: &Desk, writer: &Writer, form: &Filled) -> Result<(), Wrong> {
    let comment = field("comment", spoken::reason(&form.comment))?;
    Ok(desk.give_up(&form.id, &comment, &writer.by).await?)
}

fn notification(id: &str) -> String {
    links::with("/notifications", &[("id", id)])
}

impl Draft {
    fn of(filled: Filled, wrong: Wrong) -> Self {
        let wrong = Some(wrong);
        Self { filled, wrong }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::{Done, Draft, Filled, Wrong, field};
    use crate::desk::Refusal;

    #[test]
    fn each_word_in_an_address_says_one_thing_and_no_other_word_does() {
        let mut words = Done::ALL.map(Done::word).to_vec();
        words.dedup();
        assert_eq!(words.len(), Done::ALL.len());
        for done in Done::ALL {
            let said = Done::said_by(&format!("from=50&done={}", done.word()));
            assert_eq!(said.map(|notice| notice.text), Some(done.sentence().to_owned()));
        }
        for query in ["", "from=50", "done=your+account+is+closed"] {
            assert!(Done::said_by(query).is_none(), "{query}");
        }
    }

    #[test]
    fn what_is_wrong_stands_by_its_field_and_first() {
        let wrong = field::<()>("for", Err("expected a duration".to_owned())).unwrap_err();
        let draft = Draft::of(Filled::default(), wrong);
        assert_eq!(
            (draft.wrong_in("for"), draft.wrong_in("comment")),
            (Some("expected a duration"), None)
        );
        assert_eq!(draft.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let said = |draft: &Draft| draft.notice().map(|notice| notice.text);
        assert_eq!(
            said(&draft).as_deref(),
            Some("Nothing was done. for: expected a duration")
        );

        let refusal = Refusal::conflict("nothing fires").hint("look at the alerts");
        let draft = Draft::of(Filled::default(), Wrong::from(refusal));
        assert_eq!(draft.status(), StatusCode::CONFLICT);
        assert_eq!(
            said(&draft).as_deref(),
            Some("Nothing was done. nothing fires (look at the alerts)")
        );
        assert_eq!(said(&Draft::default()), None);
    }
}
