//! What may have been meant by a word that is nothing's name.

/// How alike two words have to be: a letter more or less, or two in the other order.
const ALIKE: f64 = 0.85;

/// The one of these that is most like the word; none where none is like it.
pub fn nearest<'a>(word: &str, all: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let rated = all
        .into_iter()
        .map(|one| (strsim::jaro_winkler(&word, one), one));
    let best = rated.reduce(|best, one| if one.0 > best.0 { one } else { best });
    best.filter(|(likeness, _)| *likeness >= ALIKE)
        .map(|(_, one)| one)
}

/// The same as the end of a sentence; empty where there is none.
pub fn did_you_mean<'a>(word: &str, all: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, all) {
        Some(one) => format!("; did you mean {one}?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let all = ["deployment", "statefulset", "job", "reviews-v1", "shop"];
        for (word, expected) in [
            ("deplyoment", Some("deployment")),
            ("Deploymnet", Some("deployment")),
            ("statefullset", Some("statefulset")),
            ("jbo", None),
            ("reviews", Some("reviews-v1")),
            ("shpo", Some("shop")),
            ("istio", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, all), expected, "{word}");
        }
    }
}
