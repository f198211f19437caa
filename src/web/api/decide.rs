//! What is decided: the same as the commands decide, through the same desk.

use schemars::JsonSchema;
use serde::Deserialize;

use super::look::{Nothing, OfAccount, account};
use super::request::{Lasting, Who, Why};
use super::table::Asked;
use crate::config::Account;
use crate::desk::Desk;
use crate::desk::acks::Taken;
use crate::desk::approvals::Answer;
use crate::desk::silences::Wanted;
use crate::view::decided::{Answered, Brake, DealtWith, Due, Expired, Held};
use crate::view::hushed::{AckRow, Acked, SilenceRow};
use crate::web::access::Writer;
use crate::web::answer::Refused;

/// Who decides: whom the request names, else whoever is logged in.
fn by(named: Option<Who>, writer: Writer) -> String {
    named.map_or(writer.by, |Who(name)| name)
}

/// A silence of a client, a policy, or both.
#[derive(Deserialize, JsonSchema)]
pub struct NewSilence {
    /// Needed only with several accounts.
    account: Option<String>,
    /// Only this client; without it all.
    client: Option<String>,
    /// Only this policy; without it all.
    policy: Option<String>,
    r#for: Lasting,
    comment: Why,
    by: Option<Who>,
}

pub async fn silence(asked: Asked<NewSilence>, writer: Writer) -> Result<SilenceRow, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let wanted = Wanted {
        client: what.client.as_deref(),
        policy: what.policy.as_deref(),
        until: desk.until(what.r#for.0),
        comment: &what.comment.0,
        by: &by(what.by, writer),
    };
    let silence = desk.silence(account(&desk, what.account.as_deref())?, &wanted).await?;
    Ok(SilenceRow::from(&silence))
}

pub async fn expire(asked: Asked<Nothing>) -> Result<Expired, Refused> {
    let desk = asked.site.desk();
    let accounts: Vec<_> = desk.settings.accounts.iter().map(|account| &account.name).collect();
    let silence = desk.expire(accounts, &asked.id).await?;
    Ok(Expired {
        id: silence.id,
        account: silence.account,
        expired: true,
    })
}

/// What fires for a client, and somebody has in hand.
#[derive(Deserialize, JsonSchema)]
pub struct NewAck {
    /// Needed only with several accounts.
    account: Option<String>,
    client: String,
    /// Only the alert of this policy; without it all that fires.
    policy: Option<String>,
    /// Without it: until the alert ends.
    r#for: Option<Lasting>,
    comment: Option<Why>,
    by: Option<Who>,
}

pub async fn ack(asked: Asked<NewAck>, writer: Writer) -> Result<Acked, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let taken = Taken {
        client: &what.client,
        policy: what.policy.as_deref(),
        episode: None,
        lasts: what.r#for.map(|Lasting(lasts)| lasts),
        comment: what.comment.as_ref().map_or("", |Why(comment)| comment),
        by: &by(what.by, writer),
    };
    let acks = desk
        .acknowledge(account(&desk, what.account.as_deref())?, &taken)
        .await?;
    Ok(Acked(acks.iter().map(AckRow::from).collect()))
}

/// The brake, which refuses all enforcement.
#[derive(Deserialize, JsonSchema)]
pub struct NewBrake {
    /// Needed only with several accounts.
    account: Option<String>,
    reason: Why,
    by: Option<Who>,
}

pub async fn brake_on(asked: Asked<NewBrake>, writer: Writer) -> Result<Brake, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let account = account(&desk, what.account.as_deref())?;
    let changed = desk
        .brake_on(&account.name, &by(what.by, writer), &what.reason.0)
        .await?;
    brake(&desk, account, changed).await
}

pub async fn brake_off(asked: Asked<OfAccount>) -> Result<Brake, Refused> {
    let desk = asked.site.desk();
    let account = account(&desk, asked.what.account.as_deref())?;
    let changed = desk.brake_off(&account.name).await?;
    brake(&desk, account, changed).await
}

async fn brake(desk: &Desk, account: &Account, changed: bool) -> Result<Brake, Refused> {
    let brake = desk.store.brake(&account.name, desk.now.at).await?;
    Ok(Brake::new(account.name.clone(), brake.as_ref(), changed))
}

pub async fn retry(asked: Asked<Nothing>, _: Writer) -> Result<DealtWith, Refused> {
    asked.site.desk().retry(&asked.id).await?;
    Ok(DealtWith {
        id: asked.id,
        state: "pending",
    })
}

/// All that waits, and all that died in the last seven days.
#[derive(Deserialize, JsonSchema)]
pub struct RetryAll {
    /// Only those of this channel.
    channel: Option<String>,
}

pub async fn retry_all(asked: Asked<RetryAll>, _: Writer) -> Result<Due, Refused> {
    let messages = asked.site.desk().retry_all(asked.what.channel.as_deref()).await?;
    Ok(Due {
        messages,
        state: "pending",
    })
}

/// A notification that died and is given up.
#[derive(Deserialize, JsonSchema)]
pub struct GiveUp {
    comment: Why,
    by: Option<Who>,
}

pub async fn give_up(asked: Asked<GiveUp>, writer: Writer) -> Result<DealtWith, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    desk.give_up(&asked.id, &what.comment.0, &by(what.by, writer)).await?;
    Ok(DealtWith {
        id: asked.id,
        state: "dropped",
    })
}

/// An answer to a change that waits, or that was made.
#[derive(Deserialize, JsonSchema)]
pub struct NewAnswer {
    comment: Why,
    by: Option<Who>,
}

/// An answer, with whoever gives it.
struct Given {
    id: String,
    comment: String,
    by: String,
}

impl Given {
    fn of(asked: Asked<NewAnswer>, writer: Writer) -> Self {
        let NewAnswer {
            comment: Why(comment),
            by: named,
        } = asked.what;
        Self {
            id: asked.id,
            comment,
            by: by(named, writer),
        }
    }

    fn answer(&self) -> Answer<'_> {
        let Self { id, comment, by } = self;
        Answer { id, comment, by }
    }
}

pub async fn approve(asked: Asked<NewAnswer>, writer: Writer) -> Result<Answered, Refused> {
    let (desk, given) = (asked.site.desk(), Given::of(asked, writer));
    Ok(desk.approve(&given.answer()).await?)
}

pub async fn reject(asked: Asked<NewAnswer>, writer: Writer) -> Result<Answered, Refused> {
    let (desk, given) = (asked.site.desk(), Given::of(asked, writer));
    Ok(desk.reject(&given.answer()).await?)
}

pub async fn undo(asked: Asked<NewAnswer>, writer: Writer) -> Result<Answered, Refused> {
    let (desk, given) = (asked.site.desk(), Given::of(asked, writer));
    Ok(desk.undo(&given.answer()).await?)
}

/// A client that nothing may change.
#[derive(Deserialize, JsonSchema)]
pub struct NewHold {
    /// Needed only with several accounts.
    account: Option<String>,
    reason: Why,
    by: Option<Who>,
}

pub async fn hold(asked: Asked<NewHold>, writer: Writer) -> Result<Held, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let account = account(&desk, what.account.as_deref())?;
    Ok(desk
        .hold(account, &asked.id, &what.reason.0, &by(what.by, writer))
        .await?)
}

pub async fn release(asked: Asked<OfAccount>) -> Result<Held, Refused> {
    let desk = asked.site.desk();
    let account = account(&desk, asked.what.account.as_deref())?;
    Ok(desk.release(account, &asked.id).await?)
}
