//! Spanish. Amounts have a decimal point, as in Mexico, Central America and the United States, where VoIP.ms is at home;
//! elsewhere it is understood.

use super::{Catalogue, if_so, with_month};
use crate::notify::letter::words::Units;

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

pub(super) static TEXTS: Catalogue = Catalogue {
    code: "es",
    decimal_mark: '.',
    units: Units {
        second: ["segundo", "segundos"],
        minute: ["minuto", "minutos"],
        hour: ["hora", "horas"],
        day: ["día", "días"],
        joint: " y ",
        is_one: |number| number == 1,
    },
    just_now: "ahora mismo",
    ago: |length| format!("hace {length}"),
    time: |at| at.strftime("%-H:%M %Z").to_string(),
    date: |at| with_month(at, &MONTHS, |day, month, year| format!("{day} de {month} de {year}")),

    greeting: |name| {
        if name.is_empty() {
            "Hola:".to_owned()
        } else {
            format!("Hola, {name}:")
        }
    },
    steps: "Qué hacer:",
    pay_here: "Agregar saldo:",
    contact: "Cómo contactarnos:",
    signature: |service| format!("{service}. Este mensaje se envió automáticamente."),
    reminder: |headline| format!("Recordatorio: {headline}"),

    balance: "Saldo",
    looked_up: "Consultado",
    last_looked_up: "Última consulta",
    used_today: "Usado hoy",
    since_midnight: |amount| format!("{amount} (desde la medianoche, hora de Toronto)"),

    low: |left, again| {
        let still = if again { "sigue siendo" } else { "es" };
        format!("el saldo de su cuenta telefónica {still} bajo: quedan {left}")
    },
    used_up: |balance, again| {
        let still = if again { "sigue agotado" } else { "está agotado" };
        format!("el saldo de su cuenta telefónica {still}: {balance}")
    },
    below_limit: |limit| format!("Es menos de {limit}, el nivel a partir del cual le avisamos."),
    calls_may_stop: "Cuando se agote, es posible que sus teléfonos no puedan hacer llamadas, incluidas las llamadas a \
                     números de emergencia.",
    calls_may_have_stopped: "Es posible que sus teléfonos ya no puedan hacer llamadas, o que pronto dejen de poder \
                             hacerlas, incluidas las llamadas a números de emergencia.",
    pay_soon: "Por favor, agregue saldo a su cuenta telefónica pronto. Si acaba de hacerlo, no tiene que hacer nada más.",
    pay_today: "Por favor, agregue saldo a su cuenta telefónica hoy mismo. Si acaba de hacerlo, no tiene que hacer \
                nada más.",
    check_balance: "por favor, revise el saldo de su cuenta telefónica",

    spent: |amount| format!("sus teléfonos han usado {amount} hoy"),
    above_limit: |limit| format!("Es más de {limit}, el importe a partir del cual le avisamos."),
    not_your_calls: "Si usted hizo estas llamadas, todo está bien. Si no, es posible que otra persona esté llamando a \
                     su costa.",
    contact_at_once: |service| format!("Si estas llamadas no son suyas, contacte a {service} de inmediato."),
    change_passwords: "Después, cambie las contraseñas de sus teléfonos y de su sistema telefónico.",

    unreadable: |again| {
        let still = if_so(again, "todavía ");
        format!("{still}no podemos consultar el saldo de su cuenta telefónica en este momento")
    },
    unreadable_meaning: "Por eso no podemos avisarle a tiempo si le queda poco saldo. Esto no dice nada del \
                         funcionamiento de sus teléfonos.",
    watch_yourself: "Por favor, esté pendiente de su saldo por ahora.",

    readable_again: "podemos consultar de nuevo el saldo de su cuenta telefónica",
    enough_again: |balance| format!("el saldo de su cuenta telefónica es de nuevo de {balance}"),
    above_new_limit: |balance| format!("el saldo de su cuenta telefónica, {balance}, supera el nuevo nivel de aviso"),
    in_order_again: "el saldo de su cuenta telefónica vuelve a ser suficiente",
    uses_less_again: "el consumo de sus teléfonos ha vuelto a la normalidad",
    only_a_test: "esto es solo una prueba de nuestros mensajes",
    nothing_to_do: "No tiene que hacer nada. Gracias.",

    ask_service: |service| format!("Si tiene alguna pregunta, contacte a {service}."),
    ask_by_reply: "Si tiene alguna pregunta, responda a este mensaje.",
    limit_looked_up: |age| format!("Consultamos por última vez el nivel a partir del cual le avisamos {age}."),
    late: |age| {
        format!(
            "Este mensaje se escribió {age} y le llega con retraso. Es posible que su saldo haya cambiado desde entonces."
        )
    },
};
