//! Where a message of Slack stands: what it is called, and what is posted or changed there. PURE.

use serde_json::{Value, json};

use super::blocks::{self, Title};
use crate::notify::delivery::{Parcel, Root};

/// What Slack calls a message: its channel, by id, and its time, which is its name there. One in a thread is called by the
/// first message of that, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    channel: String,
    first: String,
    answer: Option<String>,
}

impl Receipt {
    /// Reads what was kept: `CHANNEL:TIME`, with a third part for an answer.
    pub(super) fn read(kept: &str) -> Option<Self> {
        let mut parts = kept.splitn(3, ':').map(str::to_owned);
        Some(Self {
            channel: parts.next()?,
            first: parts.next()?,
            answer: parts.next(),
        })
    }

    /// What is kept of a message that Slack says it has posted, as an answer in `thread` or by itself.
    pub(super) fn of(posted: &Value, thread: Option<&Self>) -> Option<String> {
        let (channel, time) = (posted["channel"].as_str()?, posted["ts"].as_str()?);
        Some(match thread {
            Some(Self { first, .. }) => format!("{channel}:{first}:{time}"),
            None => format!("{channel}:{time}"),
        })
    }

    /// Whether it is no answer to another one.
    pub(super) const fn is_first(&self) -> bool {
        self.answer.is_none()
    }
}

/// The arguments of `chat.postMessage`. An answer of which somebody should know stands in the channel as well: who does not
/// follow the thread would not see it.
pub(super) fn message(parcel: &Parcel, thread: Option<&Receipt>) -> Value {
    let mut message = blocks::message(&parcel.letter, &Title::Plain, &parcel.message.id);
    message["channel"] = parcel.message.recipient.as_str().into();
    if let Some(Receipt { channel, first, .. }) = thread {
        message["channel"] = channel.as_str().into();
        message["thread_ts"] = first.as_str().into();
        let wants_somebody = |told: &crate::domain::notice::Notification| !told.transition.is_end();
        message["reply_broadcast"] = parcel.notifications.iter().any(wants_somebody).into();
    }
    plain(message)
}

/// The arguments of `chat.update` for the first message of an episode that is over: as it was, crossed out.
pub(super) fn edit(thread: &Receipt, root: &Root, parcel: &Parcel) -> Value {
    let over = Title::Over(&parcel.letter);
    let mut message = blocks::message(&root.letter, &over, &parcel.message.thread);
    message["channel"] = thread.channel.as_str().into();
    message["ts"] = thread.first.as_str().into();
    plain(message)
}

/// Nothing is read into names and addresses, whatever the method does by itself.
fn plain(mut message: Value) -> Value {
    message["parse"] = json!("none");
    message["link_names"] = json!(false);
    message
}
