//! Mails in the reseller's own words, looked at before anything is sent, tried through the real channel, and summed up.

use balancewatch::mail_catcher::{Behaviour, Stage};
use mail_parser::MessageParser;

use super::world::{CLIENTS_TOO, World, address_of};

/// What the reseller wrote for its clients.
const OWN: &str = "Subject: {{ name }}, {{ balance }} left\n\nPlease pay at our office.\n\n- Come by\n- Or call\n";

/// Clients are told, in the reseller's own words.
fn with_texts(world: &World, more: &str) {
    let folder = world.folder.path().join("texts");
    std::fs::create_dir_all(folder.join("en")).unwrap();
    std::fs::write(folder.join("en/low-balance.fired.client.txt"), OWN).unwrap();
    world.configure(&format!("{CLIENTS_TOO}\n[templates]\nfolder = 'texts'\n{more}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_the_reseller_s_own_words_and_the_shipped_ones_when_those_fail() {
    let world = World::new(3).await;
    with_texts(&world, "");
    assert_eq!(world.run(&["check"]).await.code, Some(0));
    world.sweep(0).await;
    world.balance(&world.ids[0], "5.00");
    world.sweep(0).await;
    let [mail] = &world.mails_to(&address_of(&world.ids[0]))[..] else {
        panic!("{:?}", world.mails())
    };
    assert!(mail.subject.ends_with(", 5.00 USD left"), "{}", mail.subject);
    mail.says(&[
        "Please pay at our office.",
        "1. Come by",
        "2. Or call",
        "Balance 5.00 USD",
        "just now",
    ]);
    assert!(
        String::from_utf8_lossy(&mail.bytes).contains("<h1"),
        "it has a page, too"
    );
    // What is wrong with a text is said by `check`, and holds up no mail.
    let file = world.folder.path().join("texts/en/low-balance.fired.client.txt");
    std::fs::write(&file, "Subject: a\n\nb\n{{ balanc }}\n").unwrap();
    let said = world.run(&["check"]).await;
    said.ended(78).says(&[
        "low-balance.fired.client.txt: line 4: there is no value `balanc`",
        "did you mean `balance`?",
        "1 problem",
    ]);
    world.balance(&world.ids[1], "5.00");
    world.sweep(0).await;
    let [mail] = &world.mails_to(&address_of(&world.ids[1]))[..] else {
        panic!("{:?}", world.mails())
    };
    mail.says(&["Your phone balance is low: 5.00 USD left", "Please add money"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_writes_what_would_be_sent_and_sends_nothing() {
    let world = World::new(2).await;
    with_texts(&world, "[mail]\nlanguages.fr = ['*@example.fr']\n");
    world.sweep(0).await;
    let calls = world.simulator.stats().to_string();
    let into = world.folder.path().join("look");
    let into = into.to_str().unwrap();
    let written = world.json(&["preview", "low-balance", "--into", into]).await;
    let rows = written.as_array().unwrap();
    let find = |channel: &str, transition: &str, language: &str| {
        let is_it = |row: &&serde_json::Value| {
            row["channel"] == channel && row["transition"] == transition && row["language"] == language
        };
        rows.iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{channel} {transition} {language}: {written}"))
    };
    for (channel, transitions, languages) in [
        (
            "ops",
            &["fired", "repeated", "resolved", "withdrawn", "group"][..],
            &["en"][..],
        ),
        ("client", &["fired", "repeated", "used-up", "resolved"], &["en", "fr"]),
    ] {
        for transition in transitions {
            for language in languages {
                let row = find(channel, transition, language);
                for file in row["files"].as_array().unwrap() {
                    let text = std::fs::read_to_string(file.as_str().unwrap()).unwrap();
                    assert!(text.len() > 200, "{file}: {text}");
                }
                assert_eq!(row["files"].as_array().unwrap().len(), 3, "text, HTML and JSON");
            }
        }
    }
    assert_eq!(
        find("client", "fired", "en")["own_text"],
        "en/low-balance.fired.client.txt"
    );
    assert!(find("client", "fired", "fr")["own_text"].is_null());
    // A client's own name and address of the store.
    let id = &world.ids[0];
    let told = world
        .run(&[
            "preview",
            "low-balance",
            "--client",
            id,
            "--channel",
            "client",
            "--into",
            into,
        ])
        .await;
    told.says(&["is real; numbers that do not suit are made up"]);
    let text = std::fs::read_to_string(world.folder.path().join("look/client.repeated.en.txt")).unwrap();
    assert!(text.contains("Balance    8.00 USD"), "{text}");
    world
        .run(&["preview", "digest", "--channel", "ops", "--into", into])
        .await
        .says(&["ops.digest"]);
    assert_eq!(world.mails(), []);
    assert_eq!(world.simulator.stats().to_string(), calls, "nobody was asked");
    let refused = [
        (&["preview", "low-balanc"][..], 64, "did you mean `low-balance`?"),
        (
            &["preview", "low-balance", "--channel", "opps"],
            64,
            "there is no channel `opps`",
        ),
        (
            &["preview", "low-balance", "--client", "1"],
            1,
            "there is no client `1`",
        ),
    ];
    for (arguments, code, why) in refused {
        world.run(arguments).await.failed(code, &[why]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_through_the_real_channel_and_is_written_down_nowhere() {
    let world = World::new(2).await;
    world.configure(CLIENTS_TOO);
    world.reconfigure(
        "to = [\"noc@example.com\"]",
        "to = [\"noc@example.com\", \"desk@example.com\"]\nreply_to = \"Desk <answers@example.com>\"",
    );
    world.sweep(0).await;
    let before = world.json(&["notifications"]).await;
    let said = world.run(&["test-notify", "ops"]).await;
    said.says(&["noc@example.com", "desk@example.com", "taken"]);
    said.ended(0);
    let [mail] = &world.to_ops()[..] else {
        panic!("{:?}", world.mails())
    };
    mail.says(&["TEST: the channel ops of balancewatch works", "It is no alert"]);
    let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
    let reply_to = parsed.reply_to().unwrap().first().unwrap();
    assert_eq!(reply_to.address(), Some("answers@example.com"), "the channel's own");
    assert_eq!(world.mails_to("desk@example.com").len(), 1);
    // A client is mailed only when it is named, and then it alone.
    let said = world.run(&["test-notify", "client"]).await;
    said.failed(64, &["the channel `client` needs `--client ID`"]);
    let id = &world.ids[1];
    world.run(&["test-notify", "client", "--client", id]).await.ended(0);
    let [mail] = &world.mails_to(&address_of(id))[..] else {
        panic!("{:?}", world.mails())
    };
    mail.says(&["This is only a test of our messages", "There is nothing you need to do"]);
    assert_eq!(world.mails_to(&address_of(&world.ids[0])).len(), 0);
    let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
    assert!(
        parsed.reply_to().is_none(),
        "that of the operators' channel is not for clients"
    );
    world
        .run(&["test-notify", "opps"])
        .await
        .failed(64, &["did you mean `ops`?"]);
    world.mail.behave(Behaviour::Answer {
        at: Stage::Rcpt,
        code: 550,
        text: "5.1.1 no such user",
    });
    let said = world.run(&["test-notify", "ops"]).await;
    said.ended(1).says(&["FAILED"]).complains(&[
        "error: channel `ops` did not take the test message",
        "550 5.1.1 no such user",
    ]);
    assert_eq!(world.json(&["notifications"]).await, before, "nothing was written down");
    assert_eq!(world.json(&["status"]).await["dead_letters"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_comes_at_its_mark_and_tells_who_is_low() {
    let world = World::new(3).await;
    world.sweep(0).await;
    world.balance(&world.ids[0], "5.00");
    world.sweep(0).await;
    let mails = world.to_ops().len();
    world.configure("\n[digest]\nat = '* * * * * *'\nchannel = 'ops'\n");
    let mut daemon = world.daemon();
    let got = world.wait_for_mails_to("noc@example.com", mails + 2).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    let digests: Vec<_> = got.iter().filter(|mail| mail.subject.starts_with("Digest")).collect();
    digests[0].says(&["1 client is low", "Low now", "5.00 USD", "low-balance", "3 watched"]);
    let ids: std::collections::BTreeSet<&str> = digests.iter().map(|mail| mail.id.as_str()).collect();
    assert_eq!(ids.len(), digests.len(), "each mark has one");
}
