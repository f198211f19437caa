//! What clients read in each language: the main mails word for word, and that no language lacks anything.

use super::*;
use crate::domain::language::Whom;
use crate::domain::{Language, Languages};

/// What a reseller configures for its clients, all of it.
fn full(language: Language) -> Letterhead {
    Letterhead {
        pay_url: Some("https://pay.example.com/top-up?plan=a&b=c".to_owned()),
        contact: vec!["+1 555 0100".to_owned(), "support@example.com".to_owned()],
        takes_replies: true,
        languages: Languages {
            default: language,
            rules: vec![],
        },
        ..plain()
    }
}

fn plain() -> Letterhead {
    Letterhead {
        service: "Téléphonie".to_owned(),
        ..letterhead()
    }
}

fn told_in(letterhead: Letterhead, notification: Notification, secs: i64) -> Mail {
    let told = [to_client(notification)];
    let now = decided() + SignedDuration::from_secs(secs);
    write(&message(&told), &told, &letterhead, now).unwrap().to_mail()
}

fn assert_told(name: &str, letterhead: Letterhead, notification: Notification, secs: i64, expected: &str) {
    let mail = told_in(letterhead, notification, secs);
    // Blanks at which no line breaks are written as tildes.
    let got = format!("{}\n\n{}", mail.subject, mail.text).replace('\u{a0}', "~");
    assert_eq!(got.trim_end(), expected.trim(), "{name}");
}

#[test]
fn french() {
    assert_told(
        "a low balance",
        full(Language::French),
        low(),
        120,
        r"
Le solde de votre compte téléphonique est bas : il reste 8,0588 USD

Bonjour Consulting,

Le solde de votre compte téléphonique est bas~: il reste 8,0588 USD

C’est moins que 10,00 USD, le seuil à partir duquel nous vous avertissons.

Lorsqu’il sera épuisé, vos téléphones pourraient ne plus pouvoir faire
d’appels, y compris vers les numéros d’urgence.

  Solde     8,0588 USD
  Consulté  il y a 2 minutes (10~h~14 EST)

Que faire~:
  Veuillez ajouter des fonds à votre compte téléphonique prochainement. Si
  vous venez de le faire, vous n’avez rien d’autre à faire. Pour toute
  question, veuillez répondre à ce message.

Ajouter des fonds~:
  https://pay.example.com/top-up?plan=a&b=c

Pour nous joindre~:
  +1 555 0100
  support@example.com

-- 
Téléphonie. Ce message a été envoyé automatiquement.
",
    );
    let mut late = with(overdrawn(), Transition::Repeated { repeat: 1 });
    late.facts.label.clear();
    late.facts.reading.as_mut().unwrap().at = at("2026-11-01T15:00:00Z");
    assert_told(
        "a reminder of no money, late, of a date that is the first, without a name, contact or address to pay",
        Letterhead {
            languages: full(Language::French).languages,
            ..plain()
        },
        late,
        11_400,
        r"
Rappel : le solde de votre compte téléphonique est toujours épuisé : -2,31 USD

Bonjour,

Le solde de votre compte téléphonique est toujours épuisé~: -2,31 USD

Vos téléphones pourraient ne plus pouvoir faire d’appels, dès maintenant ou
sous peu, y compris vers les numéros d’urgence.

  Solde     -2,31 USD
  Consulté  il y a 22 jours (1er novembre 2026, 10~h~00 EST)

Que faire~:
  Veuillez ajouter des fonds à votre compte téléphonique dès aujourd’hui. Si
  vous venez de le faire, vous n’avez rien d’autre à faire. Pour toute
  question, veuillez communiquer avec Téléphonie.

Ce message a été rédigé il y a 3 heures et 10 minutes (10~h~15 EST) et vous
parvient en retard. Votre solde a peut-être changé depuis.

-- 
Téléphonie. Ce message a été envoyé automatiquement.
",
    );
}

#[test]
fn spanish() {
    assert_told(
        "a low balance, again",
        full(Language::Spanish),
        with(low(), Transition::Repeated { repeat: 1 }),
        120,
        r"
Recordatorio: el saldo de su cuenta telefónica sigue siendo bajo: quedan 8.0588 USD

Hola, Consulting:

El saldo de su cuenta telefónica sigue siendo bajo: quedan 8.0588 USD

Es menos de 10.00 USD, el nivel a partir del cual le avisamos.

Cuando se agote, es posible que sus teléfonos no puedan hacer llamadas,
incluidas las llamadas a números de emergencia.

  Saldo       8.0588 USD
  Consultado  hace 2 minutos (10:14 EST)

Qué hacer:
  Por favor, agregue saldo a su cuenta telefónica pronto. Si acaba de
  hacerlo, no tiene que hacer nada más. Si tiene alguna pregunta, responda a
  este mensaje.

Agregar saldo:
  https://pay.example.com/top-up?plan=a&b=c

Cómo contactarnos:
  +1 555 0100
  support@example.com

-- 
Téléphonie. Este mensaje se envió automáticamente.
",
    );
    assert_told(
        "spending",
        full(Language::Spanish),
        spending(),
        3,
        r"
Sus teléfonos han usado 120.50 USD hoy

Hola, Consulting:

Sus teléfonos han usado 120.50 USD hoy

Es más de 50.00 USD, el importe a partir del cual le avisamos.

Si usted hizo estas llamadas, todo está bien. Si no, es posible que otra
persona esté llamando a su costa.

  Usado hoy   120.50 USD (desde la medianoche, hora de Toronto)
  Saldo       43.10 USD
  Consultado  ahora mismo (10:14 EST)

Qué hacer:
  1. Si estas llamadas no son suyas, contacte a Téléphonie de inmediato.
  2. Después, cambie las contraseñas de sus teléfonos y de su sistema
     telefónico.

Cómo contactarnos:
  +1 555 0100
  support@example.com

-- 
Téléphonie. Este mensaje se envió automáticamente.
",
    );
}

/// Everything that a client may be told, with a name.
fn everything() -> Vec<(String, Notification)> {
    let mut all = Vec::new();
    for (name, alert) in every_alert() {
        for transition in every_transition() {
            let theirs = !matches!(transition, Transition::Withdrawn { .. } | Transition::Enforced { .. });
            if theirs && !alert.client.is_pseudo() {
                all.push((
                    format!("{name}, {}", transition.label()),
                    with(alert.clone(), transition),
                ));
            }
        }
    }
    let mut unknown = low();
    unknown.facts.reason = Reason::NoThreshold;
    unknown.facts.reading = None;
    all.push(("no number".to_owned(), unknown.clone()));
    all.push(("no number, over".to_owned(), with(unknown, Transition::Resolved)));
    let mut older = low();
    older.facts.threshold.as_mut().unwrap().at = at("2026-10-31T15:00:00Z");
    all.push(("an older threshold".to_owned(), older));
    all
}

#[test]
fn every_language_has_every_sentence_and_leaves_no_placeholder() {
    // Words that only the one language has, and that every longer text of it is full of.
    let signs = [
        (Language::English, [" the ", " your ", " you ", "There is "]),
        (Language::French, [" vous ", " votre ", " vos ", " nous "]),
        (Language::Spanish, [" su ", " sus ", " hacer ", " el "]),
    ];
    for (name, notification) in everything() {
        for (language, own) in signs {
            let mail = told_in(full(language), notification.clone(), 36_000);
            let name = format!("{name}, {}", language.code());
            let words = format!(" {} ", unwrapped(&mail).replace(" the USD", ""));
            assert!(own.iter().any(|word| words.contains(word)), "{name}: {words}");
            for (_, others) in signs.iter().filter(|(other, _)| *other != language) {
                let foreign = others.iter().find(|word| words.contains(*word));
                assert_eq!(foreign, None, "{name}: {words}");
            }
            assert!(!words.contains(['{', '}']) && !mail.html.contains("{{"), "{name}");
            assert!(!words.contains("  ") && !words.contains(" ."), "{name}: {words}");
            assert!(
                mail.html.contains(&format!("<html lang=\"{}\">", language.code())),
                "{name}"
            );
            // A phone shows about forty characters of a subject, a mail program some eighty.
            assert!(mail.subject.chars().count() <= 100, "{name}: {}", mail.subject);
            let first = mail.subject.chars().next().unwrap();
            assert!(first.is_uppercase(), "{name}: {}", mail.subject);
        }
    }
}

#[test]
fn what_the_reseller_adds_stands_in_text_and_html() {
    for language in Language::ALL {
        let mail = told_in(full(language), low(), 3);
        for part in ["+1 555 0100", "support@example.com"] {
            assert!(mail.text.contains(part) && mail.html.contains(part), "{part}");
        }
        assert!(
            mail.text.contains("\n  https://pay.example.com/top-up?plan=a&b=c\n"),
            "{}",
            mail.text
        );
        let link = r#"<a href="https://pay.example.com/top-up?plan=a&#38;b=c""#;
        assert!(mail.html.contains(link), "{}", mail.html);
        let good = told_in(full(language), recovered(), 3);
        assert!(!good.text.contains("pay.example.com"), "nobody is asked to pay again");
        assert!(good.text.contains("+1 555 0100"));
        let bare = told_in(plain(), low(), 3);
        assert!(
            !bare.html.contains("<a ") && !bare.text.contains("reach us"),
            "{}",
            bare.text
        );
    }
}

#[test]
fn operators_get_nothing_of_it() {
    let letter = write(&message(&[low()]), &[low()], &full(Language::French), decided());
    let mail = letter.unwrap().to_mail();
    assert!(mail.subject.starts_with("WARNING: Consulting"), "{}", mail.subject);
    assert!(
        !mail.text.contains("pay.example.com") && !mail.text.contains("555 0100"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("<html lang=\"en\">"));
}

#[test]
fn the_language_goes_by_address_company_id_or_country() {
    let rules = [
        (Language::French, "*@consulting.example"),
        (Language::Spanish, "country:MEXICO"),
        (Language::Spanish, "company:Telefonía*"),
        (Language::French, "561116"),
    ];
    let told = |change: &dyn Fn(&mut Notification)| {
        let mut notification = to_client(low());
        "a@elsewhere.example".clone_into(&mut notification.recipient);
        change(&mut notification);
        let letterhead = Letterhead {
            languages: Languages {
                default: Language::English,
                rules: rules.map(|(language, text)| (language, Whom::parse(text))).to_vec(),
            },
            ..plain()
        };
        let told = [notification];
        let mail = write(&message(&told), &told, &letterhead, decided()).unwrap().to_mail();
        mail.text.split([' ', ',']).next().unwrap().to_owned()
    };
    assert_eq!(told(&|_| {}), "Hello");
    assert_eq!(
        told(&|it| it.recipient = "john@consulting.example".to_owned()),
        "Bonjour"
    );
    assert_eq!(
        told(&|it| it.recipient = "John <JOHN@consulting.example>".to_owned()),
        "Bonjour"
    );
    assert_eq!(told(&|it| it.facts.country = "Mexico".to_owned()), "Hola");
    assert_eq!(told(&|it| it.facts.label = "telefonía norte".to_owned()), "Hola");
    assert_eq!(told(&|it| it.client = ClientId::new("561116").unwrap()), "Bonjour");
}
