//! The states of the United States and the provinces of Canada as getStates and getProvinces list them: code and name
//! in capitals.

#[rustfmt::skip]
pub const STATES: [(&str, &str); 51] = [
    ("AL", "ALABAMA"), ("AK", "ALASKA"), ("AZ", "ARIZONA"), ("AR", "ARKANSAS"), ("CA", "CALIFORNIA"),
    ("CO", "COLORADO"), ("CT", "CONNECTICUT"), ("DE", "DELAWARE"), ("DC", "DISTRICT OF COLUMBIA"), ("FL", "FLORIDA"),
    ("GA", "GEORGIA"), ("HI", "HAWAII"), ("ID", "IDAHO"), ("IL", "ILLINOIS"), ("IN", "INDIANA"), ("IA", "IOWA"),
    ("KS", "KANSAS"), ("KY", "KENTUCKY"), ("LA", "LOUISIANA"), ("ME", "MAINE"), ("MD", "MARYLAND"),
    ("MA", "MASSACHUSETTS"), ("MI", "MICHIGAN"), ("MN", "MINNESOTA"), ("MS", "MISSISSIPPI"), ("MO", "MISSOURI"),
    ("MT", "MONTANA"), ("NE", "NEBRASKA"), ("NV", "NEVADA"), ("NH", "NEW HAMPSHIRE"), ("NJ", "NEW JERSEY"),
    ("NM", "NEW MEXICO"), ("NY", "NEW YORK"), ("NC", "NORTH CAROLINA"), ("ND", "NORTH DAKOTA"), ("OH", "OHIO"),
    ("OK", "OKLAHOMA"), ("OR", "OREGON"), ("PA", "PENNSYLVANIA"), ("RI", "RHODE ISLAND"), ("SC", "SOUTH CAROLINA"),
    ("SD", "SOUTH DAKOTA"), ("TN", "TENNESSEE"), ("TX", "TEXAS"), ("UT", "UTAH"), ("VT", "VERMONT"),
    ("VA", "VIRGINIA"), ("WA", "WASHINGTON"), ("WV", "WEST VIRGINIA"), ("WI", "WISCONSIN"), ("WY", "WYOMING"),
];

#[rustfmt::skip]
pub const PROVINCES: [(&str, &str); 13] = [
    ("AB", "ALBERTA"), ("BC", "BRITISH COLUMBIA"), ("MB", "MANITOBA"), ("NB", "NEW BRUNSWICK"),
    ("NL", "NEWFOUNDLAND"), ("NT", "NORTHWEST TERRITORIES"), ("NS", "NOVA SCOTIA"), ("NU", "NUNAVUT"),
    ("ON", "ONTARIO"), ("PE", "PRINCE EDWARD ISLAND"), ("QC", "QUEBEC"), ("SK", "SASKATCHEWAN"), ("YT", "YUKON"),
];

/// The regions of the country with that code, if the API lists any.
pub fn of_country(code: &str) -> Option<&'static [(&'static str, &'static str)]> {
    match code {
        "US" => Some(&STATES),
        "CA" => Some(&PROVINCES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_country;
    use crate::simulator::world::chance::Dice;
    use crate::simulator::world::people::{COUNTRY, PLACES, STATE, person};

    #[test]
    fn lists_are_sorted_by_name_and_know_where_the_clients_live() {
        for country in ["US", "CA"] {
            let regions = of_country(country).unwrap();
            assert!(
                regions
                    .windows(2)
                    .all(|pair| pair[0].1 < pair[1].1 && pair[0].0 != pair[1].0)
            );
            assert!(
                regions
                    .iter()
                    .all(|(code, name)| code.len() == 2 && name.to_uppercase() == **name)
            );
        }
        assert!(of_country("MX").is_none() && PLACES.len() > 2);
        let dice = Dice::new(1);
        for id in 561_115..561_315_u32 {
            let (texts, _) = person(&dice, (id - 561_115) as usize, id);
            if let Some(regions) = of_country(&texts[COUNTRY]).filter(|_| !texts[STATE].is_empty()) {
                assert!(
                    regions.iter().any(|(_, name)| **name == *texts[STATE]),
                    "{}",
                    texts[STATE]
                );
            }
        }
    }
}
