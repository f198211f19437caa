//! What Slack says when it takes a message not: words, under status 200 or beside another one. PURE.
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage#errors>, <https://docs.slack.dev/reference/methods/chat.update#errors>,
//! <https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks>.

use crate::notify::delivery::{End, Failed, Scope, Step};

/// Why a call came to nothing.
pub(super) enum Said {
    Failed(Failed),
    /// What the message was to be hung below, or was to replace, cannot be used for that.
    NotThere(Failed),
}

impl Said {
    pub(super) fn into_failed(self) -> Failed {
        match self {
            Self::Failed(failed) | Self::NotThere(failed) => failed,
        }
    }
}

impl From<Failed> for Said {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Whose a failure is.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// The channel's here: its token, the workspace.
    Token,
    /// The one channel's of Slack, which a person can put right: the others are tried, and this one again.
    Place,
    /// What was posted is at fault.
    Message,
    /// Nobody's: it is tried again.
    Nobody,
    /// Of the message that this one refers to.
    Other,
}

const TOKEN: &str =
    "see the channel's `token`: the app must be installed in the workspace and have the scope `chat:write`";
const INVITE: &str =
    "invite the app to that channel of Slack, or see the channel's `to`: it wants ids such as C0123456789";
const HOOK: &str = "the incoming webhook is gone or may not post: make a new one, and name it as the channel's `url`";

/// Every error that is documented for the methods used, and of incoming webhooks.
pub(super) const ERRORS: [(&str, Whose, Option<&str>); 81] = [
    ("access_denied", Whose::Token, Some(TOKEN)),
    (
        "accesslimited",
        Whose::Token,
        Some("see which addresses the workspace lets in"),
    ),
    ("account_inactive", Whose::Token, Some(TOKEN)),
    ("as_user_not_supported", Whose::Token, Some(TOKEN)),
    ("deprecated_endpoint", Whose::Token, None),
    (
        "ekm_access_denied",
        Whose::Token,
        Some("administrators have suspended posting"),
    ),
    ("enterprise_is_restricted", Whose::Token, Some(TOKEN)),
    ("invalid_auth", Whose::Token, Some(TOKEN)),
    ("method_deprecated", Whose::Token, None),
    ("missing_scope", Whose::Token, Some(TOKEN)),
    ("no_permission", Whose::Token, Some(TOKEN)),
    (
        "not_allowed_token_type",
        Whose::Token,
        Some("see the channel's `token`: it wants a bot token, xoxb-…"),
    ),
    ("not_authed", Whose::Token, Some(TOKEN)),
    ("org_login_required", Whose::Token, Some("the workspace is being moved")),
    ("team_access_not_granted", Whose::Token, Some(TOKEN)),
    ("team_not_found", Whose::Token, Some(TOKEN)),
    ("token_expired", Whose::Token, Some(TOKEN)),
    ("token_revoked", Whose::Token, Some(TOKEN)),
    ("two_factor_setup_required", Whose::Token, Some(TOKEN)),
    // Incoming webhooks.
    ("action_prohibited", Whose::Token, Some(HOOK)),
    ("channel_is_archived", Whose::Token, Some(HOOK)),
    ("invalid_token", Whose::Token, Some(HOOK)),
    ("no_active_hooks", Whose::Token, Some(HOOK)),
    ("no_service", Whose::Token, Some(HOOK)),
    ("no_service_id", Whose::Token, Some(HOOK)),
    ("no_team", Whose::Token, Some(HOOK)),
    ("posting_to_general_channel_denied", Whose::Token, Some(HOOK)),
    ("team_disabled", Whose::Token, Some(HOOK)),
    ("user_not_found", Whose::Token, Some(HOOK)),
    ("channel_not_found", Whose::Place, Some(INVITE)),
    ("is_archived", Whose::Place, Some(INVITE)),
    ("is_inactive", Whose::Place, Some(INVITE)),
    ("not_in_channel", Whose::Place, Some(INVITE)),
    ("restricted_action", Whose::Place, Some(INVITE)),
    ("restricted_action_read_only_channel", Whose::Place, Some(INVITE)),
    ("restricted_action_thread_only_channel", Whose::Place, Some(INVITE)),
    ("slack_connect_file_link_sharing_blocked", Whose::Place, Some(INVITE)),
    ("attachment_payload_limit_exceeded", Whose::Message, None),
    ("invalid_arg_name", Whose::Message, None),
    ("invalid_arguments", Whose::Message, None),
    ("invalid_array_arg", Whose::Message, None),
    ("invalid_attachments", Whose::Message, None),
    ("invalid_blocks", Whose::Message, None),
    ("invalid_blocks_format", Whose::Message, None),
    ("invalid_charset", Whose::Message, None),
    ("invalid_form_data", Whose::Message, None),
    ("invalid_metadata_format", Whose::Message, None),
    ("invalid_metadata_schema", Whose::Message, None),
    ("invalid_payload", Whose::Message, None),
    ("invalid_post_type", Whose::Message, None),
    ("markdown_text_conflict", Whose::Message, None),
    ("metadata_must_be_sent_from_app", Whose::Message, None),
    ("metadata_too_large", Whose::Message, None),
    ("missing_post_type", Whose::Message, None),
    ("missing_text_or_fallback_or_attachments", Whose::Message, None),
    ("msg_blocks_too_long", Whose::Message, None),
    ("msg_too_long", Whose::Message, None),
    ("no_text", Whose::Message, None),
    ("too_many_attachments", Whose::Message, None),
    ("external_channel_migrating", Whose::Nobody, None),
    ("fatal_error", Whose::Nobody, None),
    ("internal_error", Whose::Nobody, None),
    ("message_limit_exceeded", Whose::Nobody, None),
    ("rate_limited", Whose::Nobody, None),
    ("ratelimited", Whose::Nobody, None),
    ("request_timeout", Whose::Nobody, None),
    ("rollup_error", Whose::Nobody, None),
    ("service_unavailable", Whose::Nobody, None),
    ("team_added_to_org", Whose::Nobody, None),
    ("update_failed", Whose::Nobody, None),
    ("block_mismatch", Whose::Other, None),
    ("cannot_reply_to_message", Whose::Other, None),
    ("cant_broadcast_message", Whose::Other, None),
    ("cant_update_message", Whose::Other, None),
    ("edit_window_closed", Whose::Other, None),
    ("invalid_ts", Whose::Other, None),
    ("message_not_found", Whose::Other, None),
    ("no_dual_broadcast_content_update", Whose::Other, None),
    ("restricted_action_non_threadable_channel", Whose::Other, None),
    ("streaming_state_conflict", Whose::Other, None),
    ("thread_not_found", Whose::Other, None),
];

fn known(word: &str) -> Option<&'static (&'static str, Whose, Option<&'static str>)> {
    ERRORS.iter().find(|(known, ..)| *known == word)
}

/// What a call came to that Slack answered with this error. One that nobody has heard of is tried again: it says nothing
/// of the message.
pub(super) fn of(error: &str) -> Said {
    let Some((word, whose, hint)) = known(error).copied() else {
        return failed("an error that is not known here", End::PutOff, Scope::Shared, None).into();
    };
    let failed = |end, scope| failed(word, end, scope, hint);
    match whose {
        Whose::Token => failed(End::Refused, Scope::Channel).into(),
        Whose::Place => failed(End::Refused, Scope::Shared).into(),
        Whose::Message => failed(End::Refused, Scope::Message).into(),
        Whose::Nobody => failed(End::PutOff, Scope::Channel).into(),
        Whose::Other => Said::NotThere(failed(End::Refused, Scope::Message)),
    }
}

fn failed(word: &str, end: End, scope: Scope, hint: Option<&'static str>) -> Failed {
    Failed {
        end,
        scope,
        step: Step::Answer,
        retry_after: None,
        word: format!("Slack says {word}"),
        text: format!("Slack says {word}"),
        hint,
    }
}

/// A failure by its status, with the word that Slack says beside it, if that is one of its own.
pub(super) fn named(failed: Failed, body: &[u8]) -> Failed {
    let said = String::from_utf8_lossy(body);
    let Some((word, _, hint)) = known(said.trim()) else {
        return failed;
    };
    Failed {
        word: format!("{}: {word}", failed.word),
        text: format!("{}: {word}", failed.text),
        hint: hint.or(failed.hint),
        ..failed
    }
}
