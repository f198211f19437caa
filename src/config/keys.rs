//! The table of keys: the one place where each is spelled, with its form, its bounds, its default, what is accepted and what
//! it means. Unknown keys, checks, `config show`, the environment, credentials and the JSON schema follow from it.
//!
//! A new key is a row here, a field of the settings that it fills, and an entry in `config/balancewatch.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::addresses::{Server, api_url, base_url, host_name, mailbox, page_url, smtp_url, sqlite_file};
use super::duration::{days, secs};
use super::form::{
    Amount, Entries, Flag, Keys, Lines, List, Map, Name, Number, Secret, SecretFile, Text, TimeSpan, Words,
};
use super::key::Need::{Else, May, Must};
use super::key::{AnyKey, Key};
use super::settings::{Transport, WebhookFormat};
use super::values::{
    ChannelType, LIMIT, MONEY, account_name, at_least_zero, channel_name, currency, hours, listen, pattern,
    policy_name, positive, protected, share_of_all, spent, time_zone, topic, verbatim, whom,
};
use crate::domain::enforcement::Mode;
use crate::domain::language::Whom;
use crate::domain::plan::Protected;
use crate::domain::policy::{Limit, Pattern};
use crate::domain::share::Share;
use crate::domain::{AccountName, ChannelName, Language, Management, Money, PolicyName, Severity};

macro_rules! keys {
    ($($name:ident: $form:ty = ($path:literal, $value:expr, $need:expr, $accepted:expr, $meaning:literal);)*) => {
        $(pub static $name: Key<$form> = Key::new($path, $value, $need, $accepted, $meaning);)*
        /// All of them, in the order of the manual.
        pub static ALL: &[&dyn AnyKey] = &[$(&$name),*];
    };
}

keys! {
    ACCOUNT: Entries = ("account", Entries, May, "at least one [[account]]", "Your own VoIP.ms accounts, each with a rate limit of its own.");
    ACCOUNT_NAME: Name<AccountName> = ("account.*.name", Name(account_name), Must, "", "What you call it.");
    ACCOUNT_URL: Text<String> = ("account.*.url", Text(api_url), Else("https://voip.ms/api/v1/rest.php"),
        "https://…; http only to loopback", "Where the API answers.");
    ACCOUNT_USERNAME: Text<String> = ("account.*.username", Text(verbatim), Must,
        "the user of the API, an e-mail address", "Whom the program logs in as.");
    ACCOUNT_PASSWORD: Secret = ("account.*.password", Secret, May,
        "password, password_file or a systemd credential", "The API password, not the portal's.");
    ACCOUNT_PASSWORD_FILE: SecretFile = ("account.*.password_file", SecretFile, May, "", "The file that holds the API password.");
    ACCOUNT_RATE_PER_MINUTE: Number = ("account.*.rate_per_minute", Number(1, 10_000_000), Else("60"), "", "Calls in any 60 seconds, at most.");
    ACCOUNT_CONCURRENCY: Number = ("account.*.concurrency", Number(1, 256), Else("8"), "", "Calls in flight at once, at most.");
    ACCOUNT_TRANSPORT: Words<Transport> = ("account.*.transport",
        Words { all: &[Transport::Multipart, Transport::Get], word: Transport::as_str, later: &[] },
        Else("multipart"), "", "How reads are sent; changes are always sent as multipart.");
    ACCOUNT_CURRENCY: Text<String> = ("account.*.currency", Text(currency), Else("USD"),
        "at most 8 characters, such as USD", "A label for amounts in mails.");
    ACCOUNT_OWN_BALANCE_BELOW: Amount<Money> = ("account.*.own_balance_below", Amount { parse: at_least_zero, pattern: MONEY },
        Else("50.00"), "", "Below this amount of your own the policy own-balance tells you.");

    SCHEDULE: Keys = ("schedule", Keys, Else(""), "", "When sweeps start, and how old things may get.");
    SCHEDULE_SWEEP: Text<String> = ("schedule.sweep", Text(verbatim), Else("*/5 * * * *"),
        "a cron rule such as \"*/5 * * * *\", or a duration from 1s to 7d such as \"5m\"", "When sweeps start.");
    SCHEDULE_TIMEZONE: Text<(String, TimeZone)> = ("schedule.timezone", Text(time_zone), Else("America/Toronto"),
        "an IANA name such as America/Toronto or UTC", "The time zone of the cron rule and of times in mails.");
    SCHEDULE_PACE: Words<()> = ("schedule.pace", Words { all: &[()], word: |()| "every-sweep", later: &["adaptive"] },
        Else("every-sweep"), "", "Who is asked in a sweep: everybody.");
    SCHEDULE_THRESHOLD_REFRESH: TimeSpan = ("schedule.threshold_refresh", TimeSpan(secs(0), days(30)), Else("6h"), "",
        "How old a client's threshold may be before it is read again.");
    SCHEDULE_REVISIT_WITHIN: TimeSpan = ("schedule.revisit_within", TimeSpan(secs(1), days(30)), Else("60m"), "",
        "The alert overcommitted tells when the rate limit cannot get round all clients in this time.");

    SMTP: Keys = ("smtp", Keys, May, "a table headed [smtp]", "The mail server. Needed as soon as anybody is mailed.");
    SMTP_URL: Text<Server> = ("smtp.url", Text(smtp_url), Must,
        "smtp://USER@HOST:PORT or smtps://USER@HOST:PORT; user and port may be left out",
        "Where mails are handed in: smtp with STARTTLS, smtps with TLS from the start.");
    SMTP_PASSWORD: Secret = ("smtp.password", Secret, May,
        "password, password_file or a systemd credential", "The password of the user in the URL.");
    SMTP_PASSWORD_FILE: SecretFile = ("smtp.password_file", SecretFile, May, "", "The file that holds the password.");
    SMTP_FROM: Text<String> = ("smtp.from", Text(mailbox), Must, MAILBOX, "The sender of all mails.");
    SMTP_HELO: Text<String> = ("smtp.helo", Text(host_name), May,
        "a name such as watch.example.com", "As whom the program introduces itself (EHLO), if not by the machine's name.");
    SMTP_CA_FILE: Text<String> = ("smtp.ca_file", Text(verbatim), May,
        "a file with certificates in PEM, -----BEGIN CERTIFICATE-----", "Certificates that are trusted besides the machine's own.");
    SMTP_TIMEOUT: TimeSpan = ("smtp.timeout", TimeSpan(SignedDuration::from_millis(100), secs(600)), Else("30s"), "",
        "How long one mail may take, up to its end; the answer to a whole mail is awaited ten minutes.");

    MAIL: Keys = ("mail", Keys, Else(""), "", "What mails say besides the event.");
    MAIL_REPLY_TO: Text<String> = ("mail.reply_to", Text(mailbox), May, MAILBOX, "Who reads the answers, if not the sender.");
    MAIL_PAY_URL: Text<String> = ("mail.pay_url", Text(page_url), May,
        "https://…, http://… or mailto:ADDRESS, at most 500 characters", "Where clients add money.");
    MAIL_CONTACT: Lines = ("mail.contact", Lines { most: 12, longest: 200 }, May,
        "at most 12 lines of 200 characters, such as a phone number, an address and opening hours", "How clients reach you.");
    MAIL_LANGUAGE: Words<Language> = ("mail.language", Words { all: &Language::ALL, word: Language::code, later: &[] },
        Else("en"), "", "The language of mails to clients.");
    MAIL_LANGUAGES: Keys = ("mail.languages", Keys, May, "", "Whom you write to in another language; the first that names a client decides.");
    MAIL_LANGUAGES_EN: List<Whom> = ("mail.languages.en", List(whom), May, WHOM, "Who is written to in English.");
    MAIL_LANGUAGES_FR: List<Whom> = ("mail.languages.fr", List(whom), May, WHOM, "Who is written to in French.");
    MAIL_LANGUAGES_ES: List<Whom> = ("mail.languages.es", List(whom), May, WHOM, "Who is written to in Spanish.");

    CHANNEL: Entries = ("channel", Entries, May, "a list of tables headed [[channel]]", "Where messages go.");
    CHANNEL_NAME: Name<ChannelName> = ("channel.*.name", Name(channel_name), Must, "", "What you call it; `client` always exists.");
    CHANNEL_TYPE: Words<ChannelType> = ("channel.*.type",
        Words { all: &ChannelType::ALL, word: ChannelType::as_str, later: &[] },
        Must, "", "How messages are sent.");
    CHANNEL_MIN_SEVERITY: Words<Severity> = ("channel.*.min_severity", SEVERITIES, Else("info"), "", "Alerts less severe than this do not go here.");
    CHANNEL_RESOLVED: Flag = ("channel.*.resolved", Flag, Else("true"), "", "Whether ends are told here.");
    CHANNEL_QUIET_HOURS: Text<(Time, Time)> = ("channel.*.quiet_hours", Text(hours), May,
        "two times of day such as \"22:00-07:00\"", "What is less than critical waits until they are over; what still holds then is sent.");
    CHANNEL_TIMEZONE: Text<(String, TimeZone)> = ("channel.*.timezone", Text(time_zone), May,
        "an IANA name such as America/Toronto or UTC", "The time zone of quiet_hours. Without it: the schedule's.");
    CHANNEL_MAX_PER_HOUR: Number = ("channel.*.max_per_hour", Number(1, 100_000), May, "",
        "Messages in an hour, at most; the rest waits, most severe first. The first word of a critical alert never waits.");
    CHANNEL_ESCALATE: Keys = ("channel.*.escalate", Keys, May, "{ to = \"phone\", after = \"30m\" }",
        "Where a critical alert goes as well that was told here and that nobody acknowledged.");
    ESCALATE_TO: Text<ChannelName> = ("channel.*.escalate.to", Text(channel_name), Must, "the name of another channel", "The further channel.");
    ESCALATE_AFTER: TimeSpan = ("channel.*.escalate.after", TimeSpan(secs(60), days(7)), Must, "", "How long nobody acknowledged it.");
    CHANNEL_TO: List<String> = ("channel.*.to", List(verbatim), May,
        "at least one e-mail address, such as alerts@example.com or \"Phone service <alerts@example.com>\"; for slack with a token, the ids of its channels",
        "Who reads its messages (email, slack).");
    CHANNEL_REPLY_TO: Text<String> = ("channel.*.reply_to", Text(mailbox), May, MAILBOX, "Who reads the answers to its mails (email). Without it: mail.reply_to.");
    CHANNEL_URLS: List<String> = ("channel.*.urls", List(base_url), May,
        "the addresses of all peers, such as [\"http://127.0.0.1:9093\"]", "Every Alertmanager of the cluster (alertmanager).");
    CHANNEL_RESEND: TimeSpan = ("channel.*.resend", TimeSpan(secs(1), secs(3_600)), May, "",
        "How often all that fires is posted again (alertmanager). Without it: 1m.");
    CHANNEL_URL: Secret = ("channel.*.url", Secret, May, "url or url_file, https://…; http only to this machine, or with internal = true",
        "Where messages are posted (pagerduty, webhook, slack, ntfy). PagerDuty, Slack with a token and ntfy have one of their own.");
    CHANNEL_URL_FILE: SecretFile = ("channel.*.url_file", SecretFile, May, "", "The file that holds the url.");
    CHANNEL_INTERNAL: Flag = ("channel.*.internal", Flag, May, "",
        "Whether a name in the url may stand for an address of your own network (webhook, ntfy). Without it: no.");
    CHANNEL_USERNAME: Text<String> = ("channel.*.username", Text(verbatim), May, "a user of the receiver", "Whom the program logs in as (alertmanager, ntfy).");
    CHANNEL_PASSWORD: Secret = ("channel.*.password", Secret, May, "password, password_file or a systemd credential", "That user's password.");
    CHANNEL_PASSWORD_FILE: SecretFile = ("channel.*.password_file", SecretFile, May, "", "The file that holds the password.");
    CHANNEL_BEARER_TOKEN: Secret = ("channel.*.bearer_token", Secret, May, "bearer_token, bearer_token_file or a systemd credential",
        "A token in place of user and password (alertmanager).");
    CHANNEL_BEARER_TOKEN_FILE: SecretFile = ("channel.*.bearer_token_file", SecretFile, May, "", "The file that holds the token.");
    CHANNEL_ROUTING_KEY: Secret = ("channel.*.routing_key", Secret, May, "routing_key, routing_key_file or a systemd credential",
        "The integration key of the service, Events API v2 (pagerduty).");
    CHANNEL_ROUTING_KEY_FILE: SecretFile = ("channel.*.routing_key_file", SecretFile, May, "", "The file that holds the integration key.");
    CHANNEL_FORMAT: Words<WebhookFormat> = ("channel.*.format",
        Words { all: &[WebhookFormat::Alertmanager, WebhookFormat::Template], word: WebhookFormat::as_str, later: &[] },
        May, "", "What is posted (webhook): Alertmanager's webhook of version 4, or what a template makes. Without it: alertmanager.");
    CHANNEL_BODY: Text<String> = ("channel.*.body", Text(verbatim), May,
        "a shipped template such as \"discord\", or the path of a file", "The template of the body (webhook with format = \"template\").");
    CHANNEL_HEADERS: Map = ("channel.*.headers", Map, May, "{ Authorization = \"Bearer …\" }", "Further headers, never shown (webhook).");
    CHANNEL_SECRET: Secret = ("channel.*.secret", Secret, May,
        "whsec_ and base64, several with commas between while one replaces another", "What each request is signed with by the Standard Webhooks scheme (webhook).");
    CHANNEL_SECRET_FILE: SecretFile = ("channel.*.secret_file", SecretFile, May, "", "The file that holds the secret.");
    CHANNEL_TOKEN: Secret = ("channel.*.token", Secret, May, "token, token_file or a systemd credential",
        "An access token (ntfy), or the token of a bot in place of url (slack).");
    CHANNEL_TOKEN_FILE: SecretFile = ("channel.*.token_file", SecretFile, May, "", "The file that holds the token.");
    CHANNEL_TOPIC: Text<String> = ("channel.*.topic", Text(topic), May, "letters, digits, - and _, at most 64", "The topic (ntfy).");

    WEB: Keys = ("web", Keys, Else(""), "", "The listener: dashboard, JSON, metrics and health.");
    WEB_LISTEN: Text<Option<SocketAddr>> = ("web.listen", Text(listen), Else("127.0.0.1:9877"), "an address with a port such as 127.0.0.1:9877, or \"off\"",
        "Where it listens; elsewhere than on loopback only with a token.");
    WEB_TOKEN: Secret = ("web.token", Secret, May, "token, token_file or a systemd credential", "Who shows it may read and write. Without it: who is on this machine may read.");
    WEB_TOKEN_FILE: SecretFile = ("web.token_file", SecretFile, May, "", "The file that holds the token.");
    WEB_EXTERNAL_URL: Text<String> = ("web.external_url", Text(base_url), May, "https://balances.example.com", "Where people reach it: for links in messages. Its host is accepted beside the listener's own.");
    WEB_PER_CLIENT_METRICS: Number = ("web.per_client_metrics", Number(0, 10_000), Else("0"), "",
        "Clients with metrics of their own, those nearest to running dry first.");

    HEARTBEAT: Keys = ("heartbeat", Keys, May, "a table headed [heartbeat]", "A dead-man's switch elsewhere that hears of every sweep.");
    HEARTBEAT_URL: Secret = ("heartbeat.url", Secret, May, "url or url_file, https://…; http only to this machine, or with internal = true",
        "Asked at /start, at the plain address and at /fail, once a sweep.");
    HEARTBEAT_URL_FILE: SecretFile = ("heartbeat.url_file", SecretFile, May, "", "The file that holds the url.");
    HEARTBEAT_INTERNAL: Flag = ("heartbeat.internal", Flag, May, "", "Whether a name in the url may stand for an address of your own network. Without it: no.");

    MUTE: Entries = ("mute", Entries, May, "a list of tables headed [[mute]]", "Maintenance windows: judged and shown, told to nobody.");
    MUTE_NAME: Name<PolicyName> = ("mute.*.name", Name(policy_name), Must, "", "What you call it.");
    MUTE_START: Text<String> = ("mute.*.start", Text(verbatim), Must, "a cron rule such as \"0 2 * * SUN\"", "When it begins.");
    MUTE_FOR: TimeSpan = ("mute.*.for", TimeSpan(secs(60), days(7)), Must, "", "How long it lasts.");
    MUTE_TIMEZONE: Text<(String, TimeZone)> = ("mute.*.timezone", Text(time_zone), May,
        "an IANA name such as America/Toronto or UTC", "The time zone of start. Without it: the schedule's.");
    MUTE_CLIENTS: Keys = ("mute.*.clients", Keys, May, "patterns such as { include = [\"*@example.com\"] }", "Whose alerts are muted. Without it: all, those about the account too.");
    MUTE_CLIENTS_INCLUDE: List<Pattern> = ("mute.*.clients.include", List(pattern), May, PATTERNS, "Only theirs.");
    MUTE_CLIENTS_EXCLUDE: List<Pattern> = ("mute.*.clients.exclude", List(pattern), May, PATTERNS, "Not theirs.");
    MUTE_POLICIES: List<String> = ("mute.*.policies", List(verbatim), May, "names of policies", "Only these policies. Without it: all.");

    DIGEST: Keys = ("digest", Keys, May, "a table headed [digest]", "A message now and then that sums up.");
    DIGEST_AT: Text<String> = ("digest.at", Text(verbatim), Must, "a cron rule such as \"0 8 * * MON\"", "When it is sent, in the schedule's time zone.");
    DIGEST_CHANNEL: Text<ChannelName> = ("digest.channel", Text(channel_name), Must, "the name of a channel", "Where it goes.");

    TEMPLATES: Keys = ("templates", Keys, May, "a table headed [templates]", "Texts of your own.");
    TEMPLATES_FOLDER: Text<String> = ("templates.folder", Text(verbatim), Must, "the path of a folder", "Where templates of mails and webhooks are looked for first.");

    ALERTS: Keys = ("alerts", Keys, Else(""), "", "What holds for all alerts.");
    ALERTS_NOTIFY_CLIENTS: Flag = ("alerts.notify_clients", Flag, Else("false"), "", "Whether the policy low-balance also mails the client.");
    ALERTS_CLIENT_MAILS_PER_HOUR: Number = ("alerts.client_mails_per_hour", Number(1, 100_000), Else("20"), "",
        "Mails to clients in an hour, at most; the lowest balance first.");
    ALERTS_DEFAULT_THRESHOLD: Amount<Money> = ("alerts.default_threshold", Amount { parse: positive, pattern: MONEY }, May, "",
        "The threshold of clients that have set none. Without it thresholds do not judge them.");

    POLICY: Entries = ("policy", Entries, May, "", "Rules; the shipped ones need no entry, and one of the same name changes them key by key.");
    POLICY_NAME: Name<PolicyName> = ("policy.*.name", Name(policy_name), Must, "", "What you call it.");
    POLICY_ENABLED: Flag = ("policy.*.enabled", Flag, Else("true"), "", "Whether it is in force.");
    POLICY_SEVERITY: Words<Severity> = ("policy.*.severity", SEVERITIES, Else("warning"), "", "How urgent a breach is.");
    POLICY_WHEN: Keys = ("policy.*.when", Keys, May, "a condition such as { balance_below = \"10.00\" }",
        "What is a breach; several conditions must all hold.");
    WHEN_BALANCE_BELOW: Amount<Limit> = ("policy.*.when.balance_below", LIMIT, May, LIMITS, "The balance is less than this.");
    WHEN_BALANCE_AT_MOST: Amount<Limit> = ("policy.*.when.balance_at_most", LIMIT, May, LIMITS, "The balance is this or less.");
    WHEN_SPENT_TODAY_ABOVE: Amount<Money> = ("policy.*.when.spent_today_above", Amount { parse: spent, pattern: MONEY }, May,
        "an amount in quotes, such as \"25.00\"", "More than this was spent since midnight in Toronto.");
    WHEN_NO_READING_FOR: TimeSpan = ("policy.*.when.no_reading_for", TimeSpan(secs(1), days(30)), May, "",
        "There was no good answer for this long; stands alone.");
    POLICY_CLEAR: Keys = ("policy.*.clear", Keys, May, "a limit such as { balance_at_least = \"110% of threshold\" }",
        "What ends a breach. Without it: the exact opposite of `when`.");
    CLEAR_BALANCE_AT_LEAST: Amount<Limit> = ("policy.*.clear.balance_at_least", LIMIT, May, LIMITS, "The balance is this or more.");
    CLEAR_BALANCE_ABOVE: Amount<Limit> = ("policy.*.clear.balance_above", LIMIT, May, LIMITS, "The balance is more than this.");
    POLICY_FOR: TimeSpan = ("policy.*.for", TimeSpan(secs(0), days(30)), Else("0s"), "", "How long a breach must hold before anybody is told.");
    POLICY_CLEAR_READINGS: Number = ("policy.*.clear_readings", Number(1, 100), Else("2"), "", "So many clear readings in a row end it.");
    POLICY_CLEAR_FOR: TimeSpan = ("policy.*.clear_for", TimeSpan(secs(0), days(30)), Else("0s"), "", "How long it must have been clear to end.");
    POLICY_REPEAT_EVERY: TimeSpan = ("policy.*.repeat_every", TimeSpan(secs(1), days(365)), Else("24h"), "", "It is told again this often while it lasts.");
    POLICY_MAX_REPEATS: Number = ("policy.*.max_repeats", Number(0, 1_000), Else("5"), "", "It is told again so many times, at most.");
    POLICY_COOL_DOWN: TimeSpan = ("policy.*.cool_down", TimeSpan(secs(0), days(30)), Else("6h"), "",
        "How long after an end the client is not told of a relapse.");
    POLICY_NOTIFY: List<String> = ("policy.*.notify", List(verbatim), May, "", "Whom to tell. Without it: every channel but `client`.");
    POLICY_RUNBOOK_URL: Text<String> = ("policy.*.runbook_url", Text(page_url), May,
        "https://…, http://… or mailto:ADDRESS, at most 500 characters", "Where it is written what to do; goes along with what is sent to Alertmanager and to webhooks.");
    POLICY_CLIENTS: Keys = ("policy.*.clients", Keys, May,
        "patterns such as { exclude = [\"561115\", \"*@internal.example.com\"] }", "For whom it is. Without it: for every client.");
    CLIENTS_INCLUDE: List<Pattern> = ("policy.*.clients.include", List(pattern), May, PATTERNS, "Only for these.");
    CLIENTS_EXCLUDE: List<Pattern> = ("policy.*.clients.exclude", List(pattern), May, PATTERNS, "Not for these.");
    POLICY_ENFORCE: Keys = ("policy.*.enforce", Keys, May, "{ balance_management = \"hard\" }", "What to change while it lasts.");
    ENFORCE_BALANCE_MANAGEMENT: Words<Management> = ("policy.*.enforce.balance_management",
        Words { all: &[Management::Hard, Management::Soft], word: Management::as_str, later: &[] },
        Must, "", "What to set; HARD stops calls when the balance reaches 0, those to emergency services perhaps among them.");
    ENFORCE_GRACE: TimeSpan = ("policy.*.enforce.grace", TimeSpan(secs(0), days(30)), May, "",
        "How long nothing is set after the warning arrived, or after the alert began where none is required. A recovery cancels it.");
    ENFORCE_REQUIRES_NOTIFIED: List<String> = ("policy.*.enforce.requires_notified", List(verbatim), May, "names of channels in notify",
        "Who must have been told before; what cannot be told makes the change wait for an approval.");
    ENFORCE_REVERT_ON_RECOVERY: Flag = ("policy.*.enforce.revert_on_recovery", Flag, May, "",
        "Whether the old value comes back once no policy asks for the new one.");
    ENFORCE_REVERT_NEEDS_DEPOSIT: Flag = ("policy.*.enforce.revert_needs_deposit", Flag, May, "",
        "Whether it comes back only after a deposit that is newer than the change.");

    STORE: Keys = ("store", Keys, Else(""), "", "Where state is kept.");
    STORE_URL: Text<PathBuf> = ("store.url", Text(sqlite_file), Else("sqlite:///var/lib/balancewatch/state.db"),
        "sqlite:///PATH/TO/state.db", "One SQLite file, for one daemon.");
    STORE_KEEP_HISTORY: TimeSpan = ("store.keep_history", TimeSpan(days(1), days(3_650)), Else("400d"), "", "How long readings are kept.");

    ENFORCEMENT: Keys = ("enforcement", Keys, Else(""), "", "What may be changed at the provider.");
    ENFORCEMENT_MODE: Words<Mode> = ("enforcement.mode",
        Words { all: &Mode::ALL, word: Mode::as_str, later: &[] },
        Else("observe"), "", "Whether changes are only shown, made once people approve them, or made.");
    ENFORCEMENT_MAX_PER_SWEEP: Number = ("enforcement.max_per_sweep", Number(0, 100_000), Else("3"), "",
        "Changes in one sweep, at most: a mistake is seen before many have it.");
    ENFORCEMENT_MAX_PER_HOUR: Number = ("enforcement.max_per_hour", Number(0, 100_000), Else("5"), "",
        "Changes in any hour, at most, and requests for an approval that wait at a time: somebody who was paged has time to look.");
    ENFORCEMENT_MAX_PER_DAY: Number = ("enforcement.max_per_day", Number(0, 100_000), Else("20"), "",
        "Changes in any 24 hours, at most: as many as a person can take back in an hour.");
    ENFORCEMENT_MAX_SHARE_PER_DAY: Text<Share> = ("enforcement.max_share_per_day", Text(share_of_all), Else("2%"), SHARES,
        "Changes in any 24 hours, of all clients, but three of any fleet: more is no ordinary day.");
    ENFORCEMENT_PROTECT: List<Protected> = ("enforcement.protect", List(protected), Else(""),
        "an id, an e-mail pattern such as *@example.com, company:PATTERN, or package:CODE",
        "Clients that are never changed, whatever a policy says.");
    ENFORCEMENT_APPROVERS_NEEDED: Number = ("enforcement.approvers_needed", Number(1, 2), Else("1"), "", "So many different people approve a change.");
    ENFORCEMENT_APPROVAL_EXPIRES: TimeSpan = ("enforcement.approval_expires", TimeSpan(secs(60), days(7)), Else("4h"), "",
        "For so long a request can be approved, and for so long an approval holds: a shift may pass, not a night.");
    ENFORCEMENT_ASK_AGAIN: TimeSpan = ("enforcement.ask_again", TimeSpan(secs(60), days(30)), Else("6h"), "",
        "What nobody approved is asked for again so long after, while it is wanted.");
    ENFORCEMENT_BRAKE: Keys = ("enforcement.brake", Keys, Else(""), "", "What stops all changes by itself.");
    BRAKE_FIRING_SHARE: Text<Share> = ("enforcement.brake.firing_share", Text(share_of_all), Else("10%"), SHARES,
        "So many of the clients begin to fire in one sweep, and more than five: rather the data are wrong than all of them poor. A person releases the brake.");
    BRAKE_BALANCE_JUMP: Text<Share> = ("enforcement.brake.balance_jump", Text(share_of_all), Else("30%"), SHARES,
        "The sum of all balances moves by so much from one sweep to the next, by more than five clients and also without the one that moved most. A person releases the brake.");
    BRAKE_UNREAD_SHARE: Text<Share> = ("enforcement.brake.unread_share", Text(share_of_all), Else("50%"), SHARES,
        "So many of the clients that were asked could not be read. The brake goes off by itself with the next sweep that reads enough.");
    ENFORCEMENT_EXTRA_FIELDS: List<String> = ("enforcement.extra_fields", List(verbatim), Else(""), "",
        "Fields of a client's record that setClient does not write and that do no harm.");
    ENFORCEMENT_CANARY_WAIT: TimeSpan = ("enforcement.canary_wait", TimeSpan(secs(0), secs(3_600)), Else("60s"), "",
        "The first change ever on an account goes alone and is read again after this time.");
}

const SEVERITIES: Words<Severity> = Words {
    all: &[Severity::Info, Severity::Warning, Severity::Critical],
    word: Severity::as_str,
    later: &[],
};
const MAILBOX: &str = "an address such as alerts@example.com or \"Phone service <alerts@example.com>\"";
const LIMITS: &str = "an amount in quotes such as \"10.00\", \"threshold\", or \"150% of threshold\"";
const PATTERNS: &str = "an id, an e-mail pattern such as *@example.com, or company:PATTERN";
const SHARES: &str = "a percentage in quotes such as \"2%\"";
const WHOM: &str = "an id, an e-mail pattern such as *@example.com, company:PATTERN or country:PATTERN";

/// Keys and tables of later versions: known, and refused.
pub const LATER: &[&str] = &[
    "schedule.fastest",
    "schedule.slowest",
    "policy.*.when.empty_within",
    "policy.*.when.spending_spike",
    "store.password",
    "store.password_file",
    "replica",
];
