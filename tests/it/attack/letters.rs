//! Mails as the program sends them: what a client can act on, and what operators read of an account in trouble.

use mail_parser::MessageParser;
use serde_json::json;

use crate::journey::world::{World, address_of, nothing_new};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_in_its_language_where_to_pay_and_whom_to_ask() {
    let world = World::new(3).await;
    world.edit(&world.ids[1], &json!({"country": "FRANCE"}));
    world.configure(
        r#"
[alerts]
notify_clients = true
[mail]
reply_to = "Support <support@example.com>"
pay_url = "https://pay.example.com/?a=1&b=2"
contact = "+1 555 0100\nMonday to Friday"
languages.fr = ["country:france"]
languages.es = ["561117"]
"#,
    );
    nothing_new(&world.sweep(0).await);
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    world.sweep(0).await;
    for (id, subject) in [
        (0, "Your phone balance is low: 5.00 USD left"),
        (1, "Le solde de votre compte téléphonique est bas : il reste 5,00 USD"),
        (2, "El saldo de su cuenta telefónica es bajo: quedan 5.00 USD"),
    ] {
        let mails = world.mails_to(&address_of(&world.ids[id]));
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(mails[0].subject, subject);
        let read = MessageParser::default().parse(&mails[0].bytes).unwrap();
        let reply_to = read.reply_to().unwrap().first().unwrap();
        assert_eq!(
            (reply_to.name(), reply_to.address()),
            (Some("Support"), Some("support@example.com"))
        );
        let html = read.body_html(0).unwrap();
        assert!(html.contains("href=\"https://pay.example.com/?a=1&#38;b=2\""), "{html}");
        let text = read.body_text(0).unwrap();
        for part in ["https://pay.example.com/?a=1&b=2", "+1 555 0100", "Monday to Friday"] {
            assert!(text.contains(part), "{text}");
        }
    }
    for mail in world.to_ops() {
        assert!(!mail.text.contains("pay.example.com"), "{}", mail.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_answers_with_a_page_is_told_without_the_page() {
    let world = World::new(12).await;
    nothing_new(&world.sweep(0).await);
    world.fault("html-503", "1");
    world.sweep(1).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(
        mail.subject,
        "CRITICAL: nobody is watched on account main: VoIP.ms cannot be asked"
    );
    let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "The API answered HTTP 503 (getBalance).",
        "Clients 12",
        "Last full sweep ",
        ", at ",
        "then every 1 to 15 minutes",
        "clients may run dry unnoticed",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(
        !mail.text.contains('<') && !words.contains("Last full sweep none"),
        "{words}"
    );
}
