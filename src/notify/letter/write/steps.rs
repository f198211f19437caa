//! What an operator does next.

use super::account;
use super::scene::{Scene, Topic};
use crate::domain::ClientId;

/// What a person does next.
pub(super) fn steps(scene: &Scene<'_>) -> Vec<String> {
    let own = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
    match scene.topic() {
        Topic::Balance => {
            let who = scene.who();
            let mut steps = vec![format!(
                "Ask {who} to top up, or add a payment for it yourself in the VoIP.ms portal."
            )];
            let facts = &scene.notification.facts;
            if facts.enforcement.is_none() && facts.management.is_none() {
                steps.push(
                    "Check in the portal whether it is set to SOFT or HARD, and whether you want that.".to_owned(),
                );
            }
            steps
        }
        Topic::Spending => spending_steps(),
        Topic::Silence if scene.notification.client == ClientId::reseller() => own(&[
            "Run `balancewatch check --online`: it says whether the API can be asked at all.",
            "Look up your balance in the VoIP.ms portal meanwhile.",
        ]),
        Topic::Silence => own(&[
            "Look the balance up in the VoIP.ms portal meanwhile.",
            "Run `balancewatch check --online`: it says whether the API can be asked at all.",
            "If the client is gone for good, exclude it from this policy.",
        ]),
        Topic::OwnBalance => own(&["Add funds to your own VoIP.ms account."]),
        Topic::Account => account::steps(scene),
    }
}

/// What a person must do in the portal about spending that looks wrong: nothing in the API can do it.
pub(super) fn spending_steps() -> Vec<String> {
    [
        "In the VoIP.ms portal, look at the client's call records: which destinations, at what hours?",
        "If these are not its own calls: change the SIP passwords of its sub accounts there, and restrict its \
         international calls.",
        "Tell the client, so that it can look for the hole in its phone system.",
    ]
    .map(str::to_owned)
    .to_vec()
}
