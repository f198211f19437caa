//! French, as it is written in Canada and in France. A colon has a blank before it at which no line breaks.

use super::{Catalogue, if_so, with_month};
use crate::notify::letter::words::Units;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

pub(super) static TEXTS: Catalogue = Catalogue {
    code: "fr",
    decimal_mark: ',',
    units: Units {
        second: ["seconde", "secondes"],
        minute: ["minute", "minutes"],
        hour: ["heure", "heures"],
        day: ["jour", "jours"],
        joint: " et ",
        is_one: |number| number < 2,
    },
    just_now: "à l’instant",
    ago: |length| format!("il y a {length}"),
    time: |at| at.strftime("%-H\u{a0}h\u{a0}%M %Z").to_string(),
    date: |at| {
        with_month(at, &MONTHS, |day, month, year| {
            let day = if day == 1 { "1er".to_owned() } else { day.to_string() };
            format!("{day} {month} {year}")
        })
    },

    greeting: |name| {
        if name.is_empty() {
            "Bonjour,".to_owned()
        } else {
            format!("Bonjour {name},")
        }
    },
    steps: "Que faire\u{a0}:",
    pay_here: "Ajouter des fonds\u{a0}:",
    contact: "Pour nous joindre\u{a0}:",
    signature: |service| format!("{service}. Ce message a été envoyé automatiquement."),
    reminder: |headline| format!("Rappel\u{a0}: {headline}"),

    balance: "Solde",
    looked_up: "Consulté",
    last_looked_up: "Dernière consultation",
    used_today: "Utilisé aujourd’hui",
    since_midnight: |amount| format!("{amount} (depuis minuit, heure de Toronto)"),

    low: |left, again| {
        let still = if_so(again, "toujours ");
        format!("le solde de votre compte téléphonique est {still}bas\u{a0}: il reste {left}")
    },
    used_up: |balance, again| {
        let still = if_so(again, "toujours ");
        format!("le solde de votre compte téléphonique est {still}épuisé\u{a0}: {balance}")
    },
    below_limit: |limit| format!("C’est moins que {limit}, le seuil à partir duquel nous vous avertissons."),
    calls_may_stop: "Lorsqu’il sera épuisé, vos téléphones pourraient ne plus pouvoir faire d’appels, y compris vers \
                     les numéros d’urgence.",
    calls_may_have_stopped: "Vos téléphones pourraient ne plus pouvoir faire d’appels, dès maintenant ou sous peu, y \
                             compris vers les numéros d’urgence.",
    pay_soon: "Veuillez ajouter des fonds à votre compte téléphonique prochainement. Si vous venez de le faire, vous \
               n’avez rien d’autre à faire.",
    pay_today: "Veuillez ajouter des fonds à votre compte téléphonique dès aujourd’hui. Si vous venez de le faire, \
                vous n’avez rien d’autre à faire.",
    check_balance: "veuillez vérifier le solde de votre compte téléphonique",

    spent: |amount| format!("vos téléphones ont utilisé {amount} aujourd’hui"),
    above_limit: |limit| format!("C’est plus que {limit}, le montant à partir duquel nous vous avertissons."),
    not_your_calls: "Si ces appels sont les vôtres, tout va bien. Sinon, il se peut que quelqu’un d’autre téléphone à \
                     vos frais.",
    contact_at_once: |service| {
        format!("Si ces appels ne sont pas les vôtres, communiquez immédiatement avec {service}.")
    },
    change_passwords: "Changez ensuite les mots de passe de vos téléphones et de votre système téléphonique.",

    unreadable: |again| {
        let verb = if again {
            "nous ne pouvons toujours pas consulter"
        } else {
            "nous ne pouvons pas consulter"
        };
        format!("{verb} le solde de votre compte téléphonique pour le moment")
    },
    unreadable_meaning: "Nous ne pouvons donc pas vous avertir à temps s’il devient bas. Cela ne dit rien du \
                         fonctionnement de vos téléphones.",
    watch_yourself: "Veuillez surveiller vous-même votre solde pour l’instant.",

    readable_again: "nous pouvons de nouveau consulter le solde de votre compte téléphonique",
    enough_again: |balance| format!("le solde de votre compte téléphonique est de nouveau de {balance}"),
    above_new_limit: |balance| {
        format!("le solde de votre compte téléphonique, {balance}, est au-dessus du nouveau seuil d’avertissement")
    },
    in_order_again: "le solde de votre compte téléphonique est de nouveau suffisant",
    uses_less_again: "la consommation de vos téléphones est revenue à la normale",
    only_a_test: "ceci n’est qu’un essai de nos messages",
    nothing_to_do: "Vous n’avez rien à faire. Merci.",

    ask_service: |service| format!("Pour toute question, veuillez communiquer avec {service}."),
    ask_by_reply: "Pour toute question, veuillez répondre à ce message.",
    limit_looked_up: |age| format!("Nous avons consulté votre seuil d’avertissement pour la dernière fois {age}."),
    late: |age| {
        format!("Ce message a été rédigé {age} et vous parvient en retard. Votre solde a peut-être changé depuis.")
    },
};
