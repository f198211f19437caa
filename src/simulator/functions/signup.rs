//! signupClient: somebody becomes a client. Nothing is done unless everything sent is acceptable, and there is no dry
//! run.

use super::super::settings::Key;
use super::super::world::client::Management;
use super::super::world::people::{
    ADDRESS, CITY, COMPANY, COUNTRY, EMAIL, FIELDS, FIRSTNAME, LASTNAME, PASSWORD, PHONE, STATE, Texts, ZIP,
};
use super::{Call, Status, record};

/// What is required, in the document's order, and the parameter that has to repeat it with its statuses.
const REQUIRED: [(usize, Option<Repeated>); 10] = [
    (FIRSTNAME, None),
    (LASTNAME, None),
    (ADDRESS, None),
    (CITY, None),
    (STATE, None),
    (COUNTRY, None),
    (ZIP, None),
    (PHONE, None),
    (
        EMAIL,
        Some(Repeated {
            name: "confirm_email",
            missing: "missing_email_confirm",
            mismatch: "mismatch_email_confirm",
        }),
    ),
    (
        PASSWORD,
        Some(Repeated {
            name: "confirm_password",
            missing: "missing_password_confirm",
            mismatch: "mismatch_password_confirm",
        }),
    ),
];

/// A parameter that repeats another.
#[derive(Clone, Copy, Debug)]
struct Repeated {
    name: &'static str,
    missing: Status,
    mismatch: Status,
}

/// `client`: the new id, unless the setting leaves it out.
pub(super) fn signup_client(call: &mut Call<'_>) -> Result<(), Status> {
    let texts = texts(call)?;
    record::judge(call, &texts, None)?;
    let management = match record::management(call)? {
        Some(management) => management,
        None if call.settings.on(Key::ManagementNeeded) => return Err("missing_balancemanagement"),
        None => Management::Soft,
    };
    // Flags are 1 and 0 on this wire; `true` is no 1.
    let is_active = call.params.get("activate") == Some("1");
    // A full world takes nobody. No status of the error table says so.
    let id = call
        .world
        .sign_up(texts, management, is_active, call.now)
        .ok_or("unavailable_info")?;
    if call.settings.is(Key::SignupAnswer, "client") {
        call.json.key("client");
        call.json.count(id.into());
    }
    Ok(())
}

/// The record that is sent: everything that is required is there, and what has to be repeated is.
fn texts(call: &Call<'_>) -> Result<Texts, Status> {
    let given = |name| call.params.get(name).filter(|text| !text.is_empty());
    let mut texts = Texts::default();
    for (index, repeated) in REQUIRED {
        let field = &FIELDS[index];
        let text = given(field.name).ok_or_else(|| record::absent(call.settings, field))?;
        texts[index] = record::kept(text);
        if let Some(missing) = repeated.filter(|repeated| given(repeated.name).is_none()) {
            return Err(missing.missing);
        }
    }
    for (index, repeated) in REQUIRED {
        if let Some(repeated) = repeated
            && given(repeated.name) != given(FIELDS[index].name)
        {
            return Err(repeated.mismatch);
        }
    }
    texts[COMPANY] = record::kept(given(FIELDS[COMPANY].name).unwrap_or_default());
    Ok(texts)
}
