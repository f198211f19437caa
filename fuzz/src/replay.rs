//! The targets on inputs that are always the same: each corpus, and variations of it. Which these are depends on the corpus,
//! the dictionary and this file alone, not on the machine, the time, or the way that an input takes through the program. So
//! what fails here was broken by the change at hand. It finds no new ways: that is libFuzzer's part.

use std::fs;
use std::ops::Range;
use std::panic::catch_unwind;
use std::path::Path;

use crate::targets::{config, requests, responses};

/// Variations of each target: some seconds of each. More find little that these do not.
#[test]
fn responses_hold() {
    replay("responses", responses::try_input, 60_000, 1_000);
}

#[test]
fn config_holds() {
    replay("config", config::try_input, 4_000, 600);
}

#[test]
fn requests_hold() {
    replay("requests", requests::try_input, 20_000, 1_000);
}

/// Tries a target on its corpus and on so many variations of it.
fn replay(target: &str, try_input: fn(&[u8]), variations: usize, longest_bytes: usize) {
    let mut inputs = Inputs::read(target, longest_bytes);
    for input in &inputs.corpus {
        hold(target, try_input, input);
    }
    for _ in 0..variations {
        hold(target, try_input, &inputs.variation());
    }
}

/// Tries one input. One that fails is kept, for libFuzzer to repeat and to make small.
fn hold(target: &str, try_input: fn(&[u8]), input: &[u8]) {
    if catch_unwind(|| try_input(input)).is_err() {
        let kept = std::env::temp_dir().join(format!("find-{target}"));
        fs::write(&kept, input).expect("there is a folder for what is temporary");
        panic!("`{target}` fails of {}: {}", kept.display(), input.escape_ascii());
    }
}

/// What variations are made of.
struct Inputs {
    corpus: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    longest_bytes: usize,
    dice: u64,
}

impl Inputs {
    fn read(target: &str, longest_bytes: usize) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = fs::read_dir(root.join("corpus").join(target)).expect("the target has a corpus");
        let read = |file: std::io::Result<fs::DirEntry>| fs::read(file?.path());
        let corpus: std::io::Result<Vec<_>> = files.map(read).collect();
        let mut corpus = corpus.expect("the corpus can be read");
        // A folder has no order of its own.
        corpus.sort_unstable();
        let words = fs::read_to_string(root.join("dictionaries").join(target)).expect("the target has a dictionary");
        Self {
            corpus,
            words: words.lines().filter_map(word).collect(),
            longest_bytes,
            dice: 1,
        }
    }

    /// An input of the corpus in which some pieces were replaced by others.
    fn variation(&mut self) -> Vec<u8> {
        let mut input = self.any_of_corpus();
        for _ in 0..=self.below(4) {
            let place = self.range(input.len());
            let piece = self.piece(&input[place.clone()]);
            input.splice(place, piece);
        }
        input.truncate(self.longest_bytes);
        input
    }

    /// What comes in the place of `here`.
    fn piece(&mut self, here: &[u8]) -> Vec<u8> {
        match self.below(5) {
            0 => Vec::new(),
            1 => vec![self.below(256) as u8],
            2 => here.repeat(2),
            3 => {
                let word = self.below(self.words.len());
                self.words[word].clone()
            }
            _ => {
                let other = self.any_of_corpus();
                other[self.range(other.len())].to_vec()
            }
        }
    }

    fn any_of_corpus(&mut self) -> Vec<u8> {
        let input = self.below(self.corpus.len());
        self.corpus[input].clone()
    }

    /// A place in so many bytes, often empty or short.
    fn range(&mut self, bytes: usize) -> Range<usize> {
        let start = self.below(bytes + 1);
        let longest = [0, 1, 8, 64][self.below(4)];
        let length = self.below(longest + 1);
        start..bytes.min(start + length)
    }

    /// A number below the bound, by SplitMix64: the same sequence everywhere.
    fn below(&mut self, bound: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// The word of a dictionary's line: in quotes, `\x0a` for a byte, a backslash before a quote or a backslash.
fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut word = Vec::new();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let [first, more @ ..] = rest {
        let (byte, behind) = match (first, more) {
            (b'\\', [b'x', high, low, behind @ ..]) => ((digit(*high)? * 16 + digit(*low)?) as u8, behind),
            (b'\\', [byte, behind @ ..]) => (*byte, behind),
            _ => (*first, more),
        };
        word.push(byte);
        rest = behind;
    }
    Some(word)
}

#[test]
fn variations_are_the_same_everywhere() {
    assert_eq!(word(r#""\x0aurl = \"\\""#).as_deref(), Some(&b"\nurl = \"\\"[..]));
    assert_eq!((word("# a remark"), word("")), (None, None));
    let mut inputs = Inputs {
        corpus: vec![b"8.0588".to_vec(), b"-0.2160\n1e-7".to_vec()],
        words: vec![b"<word>".to_vec()],
        longest_bytes: 16,
        dice: 1,
    };
    let variations: Vec<String> = (0..5).map(|_| inputs.variation().escape_ascii().to_string()).collect();
    let expected = [
        "-<word;>",
        r"8.0560\n1e-788",
        "8.058805<word>88",
        r"8.\xaf0588",
        r"-0.218860\n1e-7",
    ];
    assert_eq!(variations, expected);
}
