//! Who the clients are: names, places and habits of writing from all over, with what trips programs up: letters
//! outside ASCII, zips with leading zeros, apostrophes, markup, line breaks, empty and very long fields.

use super::chance::{Dice, Throw, Topic};

/// Columns of a client's record that are plain text, in the order of getClients.
pub const FIELDS: [Field; 11] = [
    field("email", "missing_email", "invalid_email", true),
    field("password", "missing_password", "invalid_password", true),
    field("company", "", "", false),
    field("firstname", "missing_firstname", "invalid_firstname", true),
    field("lastname", "missing_lastname", "invalid_lastname", true),
    field("address", "missing_address", "invalid_address", false),
    field("city", "missing_city", "invalid_city", false),
    field("state", "missing_state", "invalid_state", false),
    field("country", "missing_country", "invalid_country", false),
    field("zip", "missing_zip", "invalid_zip", false),
    field("phone_number", "missing_phonenumber", "invalid_phonenumber", true),
];

pub const EMAIL: usize = 0;
pub const PASSWORD: usize = 1;
pub const COMPANY: usize = 2;
pub const FIRSTNAME: usize = 3;
pub const LASTNAME: usize = 4;
pub const ADDRESS: usize = 5;
pub const CITY: usize = 6;
pub const STATE: usize = 7;
pub const COUNTRY: usize = 8;
pub const ZIP: usize = 9;
pub const PHONE: usize = 10;

/// One text column. signupClient requires all but the company.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// In answers and parameters.
    pub name: &'static str,
    /// The status when it is required and not sent; empty when there is none.
    pub missing: &'static str,
    /// The status when it is not acceptable; empty when there is none.
    pub invalid: &'static str,
    /// Whether setClient requires it too.
    pub always_required: bool,
}

const fn field(name: &'static str, missing: &'static str, invalid: &'static str, always_required: bool) -> Field {
    Field {
        name,
        missing,
        invalid,
        always_required,
    }
}

/// Most bytes of a text that are kept of a client, far more than any column of the real database is likely to have; the
/// bound keeps one loop of signupClient with bodies of megabytes from filling the memory.
pub const LONGEST_TEXT_BYTES: usize = 1_000;

/// The text columns of one client, in the order of [`FIELDS`].
pub type Texts = [Box<str>; FIELDS.len()];

/// A town, and who lives there.
#[derive(Debug)]
pub struct Place {
    pub zone: &'static str,
    city: &'static str,
    state: &'static str,
    country: &'static str,
    zip: &'static str,
    street: &'static str,
    phone: &'static str,
    first: [&'static str; 4],
    last: [&'static str; 4],
}

macro_rules! places {
    ($($zone:literal $city:literal $state:literal $country:literal $zip:literal $street:literal $phone:literal
       [$($first:literal),*] [$($last:literal),*];)*) => {
        #[rustfmt::skip]
        pub const PLACES: &[Place] = &[$(Place {
            zone: $zone, city: $city, state: $state, country: $country, zip: $zip, street: $street, phone: $phone,
            first: [$($first),*], last: [$($last),*],
        },)*];
    };
}

// In `zip`, `street` and `phone` a `#` becomes a digit.
places! {
    "America/New_York" "MIAMI" "FLORIDA" "US" "331##" "#### NW 7TH ST" "305555####" ["John", "Maria", "José", "Dwayne"] ["Doe", "Núñez", "Smith", "O'Neal"];
    "America/New_York" "BOSTON" "MASSACHUSETTS" "US" "021##" "## Beacon St # 4/B" "617555####" ["Siobhán", "Patrick", "Grace", "Liam"] ["O'Brien", "McCarthy", "Chen", "D'Angelo"];
    "America/Chicago" "CHICAGO" "ILLINOIS" "US" "606##" "### W Wacker Dr" "312555####" ["Stanisław", "Jane", "Keisha", "Bob"] ["Kowalski", "Miller", "Washington", "Lee-Smith"];
    "America/Los_Angeles" "LOS ANGELES" "CALIFORNIA" "US" "900##" "#### Sunset Blvd" "213555####" ["Jesús", "Ashley", "Min-jun", "Ana"] ["García", "Johnson", "Kim", "de la Cruz"];
    "America/Toronto" "TORONTO" "ONTARIO" "CA" "M5V #K#" "### King St W" "416555####" ["Priya", "David", "Zoë", "Ming"] ["Singh", "Tremblay", "Li", "Brown"];
    "America/Toronto" "MONTRÉAL" "QUEBEC" "CA" "H2X #Y#" "#### rue Saint-Denis" "514555####" ["Chloé", "François", "Noël", "Anaïs"] ["Côté", "Lévesque", "L'Heureux", "Bélanger"];
    "America/Vancouver" "VANCOUVER" "BRITISH COLUMBIA" "CA" "V6B #N#" "### Granville St" "604555####" ["Wei", "Sarah", "Harpreet", "Tom"] ["Wong", "MacDonald", "Gill", "Ng"];
    "America/St_Johns" "ST. JOHN'S" "NEWFOUNDLAND" "CA" "A1C #B#" "## Water St" "709555####" ["Mary", "Gerald", "Bríd", "Alan"] ["Power", "O'Dea", "Noseworthy", "Ryan"];
    "America/Mexico_City" "MÉXICO D.F." "" "MX" "06###" "Av. Insurgentes Sur ###" "55555#####" ["Xóchitl", "Luis", "Ángel", "Sofía"] ["Hernández", "Peña", "Ramírez", "Ibáñez"];
    "America/Sao_Paulo" "São Paulo" "SP" "BR" "01###-###" "R. da Consolação, ###" "1155######" ["João", "Luíza", "Thiago", "Conceição"] ["Gonçalves", "da Silva", "Araújo", "Assunção"];
    "Europe/London" "LONDON" "" "GB" "SW1A #AA" "## St James's Sq" "2079######" ["Nigel", "Aoife", "Mohammed", "Eilidh"] ["Smith-Jones", "O'Connor", "Khan", "MacLeòid"];
    "Europe/Paris" "PARIS" "" "FR" "7500#" "## rue de l'Église" "14455####" ["Hélène", "Gaëlle", "Loïc", "Benoît"] ["Lefèvre", "d'Estaing", "Müller", "Nguyễn"];
    "Europe/Berlin" "München" "Bayern" "DE" "80###" "Größweg ##" "8955#####" ["Jürgen", "Käthe", "Björn", "Jana"] ["Weiß", "Schröder", "Öztürk", "von der Höhe"];
    "Europe/Zurich" "Zürich" "ZH" "CH" "80##" "Bahnhofstrasse ##" "4455#####" ["Urs", "Régula", "Beat", "Chiara"] ["Müller", "Hürlimann", "Bianchi", "Favre"];
    "Europe/Warsaw" "Łódź" "" "PL" "90-###" "ul. Piotrkowska ###" "4255#####" ["Łukasz", "Małgorzata", "Żaneta", "Jan"] ["Wiśniewski", "Wójcik", "Dąbrowska", "Zając"];
    "Europe/Athens" "Αθήνα" "" "GR" "105 ##" "Πανεπιστημίου ##" "2105######" ["Γιώργος", "Ελένη", "Νίκος", "Σοφία"] ["Παπαδόπουλος", "Αγγέλου", "Βλάχου", "Ζήσης"];
    "Asia/Kolkata" "MUMBAI" "MAHARASHTRA" "IN" "4000##" "##/A, M.G. Road" "2255######" ["Aarav", "Lakshmi", "अर्जुन", "Fatima"] ["Patel", "Iyer", "शर्मा", "D'Souza"];
    "Asia/Tokyo" "東京都" "" "JP" "100-00##" "千代田区#-#" "355######" ["太郎", "花子", "健", "Yūki"] ["山田", "佐藤", "髙橋", "Ōno"];
    "Asia/Jerusalem" "תל אביב" "" "IL" "61#####" "רוטשילד ##" "355#####" ["יוסי", "Noa", "דנה", "Avi"] ["כהן", "Levi", "מזרחי", "Ben-David"];
    "Australia/Sydney" "SYDNEY" "NSW" "AU" "20##" "##/### George St" "2955#####" ["Bruce", "Kylie", "Tran", "Mia"] ["O'Sullivan", "Nguyen", "Taylor", "Papas"];
    "Pacific/Auckland" "AUCKLAND" "" "NZ" "0###" "## Tāmaki Dr" "955#####" ["Aroha", "Wiremu", "Olivia", "Jack"] ["Ngāta", "Williams", "Tūhoe", "Clark"];
}

const TRADES: [&str; 12] = [
    "Consulting",
    "Dental",
    "Plumbing & Heating",
    "Law",
    "Imports",
    "Bakery",
    "Realty",
    "Logistics",
    "Études",
    "Müll & Söhne",
    "Travel \"Blue\"",
    "A/C Repair",
];

/// The text columns and the place of the client that is the `index`th and has this id.
pub fn person(dice: &Dice, index: usize, id: u32) -> (Texts, u8) {
    let mut throw = dice.throw(Topic::Person, id, 0);
    let place_index = throw.below(u32::try_from(PLACES.len()).unwrap_or(1));
    if index == 0 {
        return (documented(), 0);
    }
    let place = &PLACES[place_index as usize];
    let first = *throw.pick(&place.first);
    let last = *throw.pick(&place.last);
    let mut texts = [
        format!("office.{id}@example.com"),
        format!(
            "{}-{:04}-Ab",
            ["Kiwi", "Maple", "Otter", "Quartz"][throw.below(4) as usize],
            throw.below(10_000)
        ),
        format!("{last} {}", throw.pick(&TRADES)),
        first.to_owned(),
        last.to_owned(),
        digits(&mut throw, place.street),
        place.city.to_owned(),
        place.state.to_owned(),
        place.country.to_owned(),
        digits(&mut throw, place.zip),
        digits(&mut throw, place.phone),
    ];
    // Every fiftieth client has one of these, so that a small world has them too.
    match index % 50 {
        3 => "<script>alert('paid')</script> & Co".clone_into(&mut texts[COMPANY]),
        5 => texts[COMPANY].clear(),
        7 => texts[STATE].clear(),
        9 => {
            texts[COMPANY] = "The Very Long Trading Name of Friends ".repeat(5).trim_end().to_owned();
            texts[LASTNAME] = "Wolfeschlegelsteinhausenbergerdorff".repeat(2);
        }
        13 => "Breaks\r\nSubject: Free calls".clone_into(&mut texts[COMPANY]),
        _ => {}
    }
    (
        texts.map(String::into_boxed_str),
        u8::try_from(place_index).unwrap_or_default(),
    )
}

/// The client of the document.
fn documented() -> Texts {
    [
        "john.doe@my-domain.com",
        "johnspassword",
        "Consulting",
        "John",
        "Doe",
        "5491 190TH",
        "OPA LOCKA",
        "FLORIDA",
        "US",
        "33055",
        "5551112222",
    ]
    .map(Box::from)
}

fn digits(throw: &mut Throw, pattern: &str) -> String {
    pattern
        .chars()
        .map(|place| {
            if place == '#' {
                char::from_digit(throw.below(10), 10).unwrap_or('0')
            } else {
                place
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{COUNTRY, Dice, EMAIL, FIELDS, PLACES, person};
    use crate::simulator::world::countries;

    #[test]
    fn everybody_has_what_set_client_requires_and_a_known_country() {
        let dice = Dice::new(1);
        let mut emails = BTreeSet::new();
        for index in 0..500 {
            let id = 561_115 + u32::try_from(index).unwrap();
            let (texts, place) = person(&dice, index, id);
            for (field, text) in FIELDS.iter().zip(&texts) {
                assert!(!field.always_required || !text.is_empty(), "{} of {id}", field.name);
            }
            assert!(countries::by_code(&texts[COUNTRY]).is_some(), "{}", texts[COUNTRY]);
            assert!(usize::from(place) < PLACES.len());
            assert!(emails.insert(texts[EMAIL].clone()));
        }
    }

    #[test]
    fn a_hundred_clients_have_the_texts_that_trip_programs_up() {
        let dice = Dice::new(1);
        let world: Vec<_> = (0..100_u32)
            .map(|id| person(&dice, id as usize, 561_115 + id).0.concat())
            .collect();
        for needle in ["<script>", "\r\n", "'", "é", "東"] {
            assert!(world.iter().any(|texts| texts.contains(needle)), "{needle}");
        }
        assert!(
            (0..100_u32).any(|id| person(&dice, id as usize, 561_115 + id).0[9].starts_with('0')),
            "leading zero"
        );
    }
}
