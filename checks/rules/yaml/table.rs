//! Texts, and what `YAMLToJSON` of `sigs.k8s.io/yaml` 1.6.0 in Istio 1.31 makes of them: each row was run through it.

use serde_json::Value;

use super::{Unread, read};

/// The JSON, or nothing where it is an error.
const TEXTS: &[(&str, Option<&str>)] = &[
    ("", Some("null")),
    ("~", Some("null")),
    ("null", Some("null")),
    ("# nothing", Some("null")),
    ("---", Some("null")),
    ("...", None),
    ("--- a\n--- b", Some(r#""a""#)),
    ("a: 1\n...\n{bad: [", Some(r#"{"a":1}"#)),
    ("a: 1\n--- [", Some(r#"{"a":1}"#)),
    ("a: 1\n---\n[", Some(r#"{"a":1}"#)),
    ("{bad: [", None),
    ("a: [", None),
    ("a: {b", None),
    ("a: ]", None),
    ("[a, b]]", Some(r#"["a","b"]"#)),
    ("{a: 1}}", Some(r#"{"a":1}"#)),
    ("{a: 1} b", Some(r#"{"a":1}"#)),
    ("a: b: c", None),
    ("a: 'x", None),
    ("a: \"x", None),
    ("a: 'it''s'", Some(r#"{"a":"it's"}"#)),
    ("a\n", Some(r#""a""#)),
    ("a\nb: c", None),
    ("a: 1\n b: 2", None),
    ("a:\n  b: 1\n c: 2", None),
    ("\ta: 1", None),
    ("a:\n\tb: 1", None),
    ("a:\tb", Some(r#"{"a":"b"}"#)),
    ("a: [\tb,\n\tc]", Some(r#"{"a":["b","c"]}"#)),
    ("a: b\n\tc", None),
    ("a: b\n\tc: d", None),
    ("- a\n-b", None),
    ("-", Some("[null]")),
    ("- - a\n  - b", Some(r#"[["a","b"]]"#)),
    ("a:\n- b\n- c", Some(r#"{"a":["b","c"]}"#)),
    ("? a\n: b", Some(r#"{"a":"b"}"#)),
    ("? a", Some(r#"{"a":null}"#)),
    ("? [a]\n: b", None),
    ("[a]: b", None),
    ("{a: b}: c", None),
    ("{[a]: b}", None),
    ("[a: b]", Some(r#"[{"a":"b"}]"#)),
    ("[a, , b]", None),
    ("[a,]", Some(r#"["a"]"#)),
    ("[,]", None),
    ("{a, b: c}", Some(r#"{"a":null,"b":"c"}"#)),
    ("{a:, b:}", Some(r#"{"a:":null,"b:":null}"#)),
    ("{a:b}", Some(r#"{"a:b":null}"#)),
    ("{\"a\":b}", Some(r#"{"a":"b"}"#)),
    ("[a:b]", Some(r#"["a:b"]"#)),
    ("[a?b]", None),
    ("[a ?b]", None),
    ("{a: x?y}", None),
    ("a: x?y", Some(r#"{"a":"x?y"}"#)),
    ("[http://a:1/b]", Some(r#"["http://a:1/b"]"#)),
    ("[http://a?b]", None),
    ("a: @b", None),
    ("a: `b", None),
    ("a: %b", None),
    ("a: b%", Some(r#"{"a":"b%"}"#)),
    ("a: b @c", Some(r#"{"a":"b @c"}"#)),
    ("a: -b", Some(r#"{"a":"-b"}"#)),
    ("a: ?b", Some(r#"{"a":"?b"}"#)),
    ("a: :b", Some(r#"{"a":":b"}"#)),
    ("a: b #c", Some(r#"{"a":"b"}"#)),
    ("a: b#c", Some(r#"{"a":"b#c"}"#)),
    ("a: \"b\"#c", Some(r#"{"a":"b"}"#)),
    ("a: 'b' c", None),
    ("a: !!str 5", Some(r#"{"a":"5"}"#)),
    ("a: !!str", Some(r#"{"a":""}"#)),
    ("a: !!int \"5\"", Some(r#"{"a":5}"#)),
    ("a: !!int x", None),
    ("a: !!float 5", Some(r#"{"a":5}"#)),
    ("a: !!float 18446744073709551615", None),
    ("a: !!bool yes", Some(r#"{"a":true}"#)),
    ("a: !!bool 1", None),
    ("a: !!null ''", Some(r#"{"a":null}"#)),
    ("a: !!null x", None),
    ("a: !!timestamp 2001-12-14", Some(r#"{"a":"2001-12-14"}"#)),
    ("a: !!timestamp x", None),
    ("a: !!binary aGk=", Some(r#"{"a":"hi"}"#)),
    ("a: !!binary hi", None),
    ("a: !!binary /w==", Some(r#"{"a":"\ufffd"}"#)),
    ("a: !!map 5", Some(r#"{"a":"5"}"#)),
    ("a: !own 5", Some(r#"{"a":"5"}"#)),
    ("a: ! 5", Some(r#"{"a":"5"}"#)),
    ("a: ! \"5\"", Some(r#"{"a":"5"}"#)),
    ("a: !<tag:yaml.org,2002:int> 5", Some(r#"{"a":5}"#)),
    ("a: !no!x 5", None),
    (
        "%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 5",
        Some(r#"{"a":"5"}"#),
    ),
    ("%TAG ! a\n%TAG ! b\n--- c", None),
    ("%YAML 1.1\n---\na: 1", Some(r#"{"a":1}"#)),
    ("%YAML 1.2\n---\na: 1", None),
    ("%YAML 001.1\n---\na: 1", None),
    ("%OTHER\n---\na: 1", None),
    ("%YAML 1.1\na: 1", None),
    ("!!str[ a", Some(r#""a""#)),
    ("a: &x 1\nb: *x", Some(r#"{"a":1,"b":1}"#)),
    ("a: *x", None),
    ("a: &x 1\nb: &x 2\nc: *x", Some(r#"{"a":1,"b":2,"c":2}"#)),
    ("&a [*a]", None),
    ("a: &x {b: *x}", None),
    ("&a b: 1\nc: *a", Some(r#"{"b":1,"c":"b"}"#)),
    ("*a : 1", None),
    (
        "b: &m {x: 1}\na: {<<: *m, y: 2}",
        Some(r#"{"a":{"true":2,"x":1},"b":{"x":1}}"#),
    ),
    ("a: {x: 0, <<: {x: 1}}", Some(r#"{"a":{"x":1}}"#)),
    ("a: {<<: {x: 1}, x: 2}", Some(r#"{"a":{"x":2}}"#)),
    (
        "a: {<<: [{x: 1}, {x: 2, y: 3}]}",
        Some(r#"{"a":{"true":3,"x":1}}"#),
    ),
    ("a: {<<: 5}", None),
    ("a: {<<: [5]}", None),
    ("a: {\"<<\": {x: 1}}", Some(r#"{"a":{"<<":{"x":1}}}"#)),
    ("a: <<", Some(r#"{"a":"<<"}"#)),
    ("a: {!!merge <<: {x: 1}}", Some(r#"{"a":{"x":1}}"#)),
    ("a: 1\na: 2", Some(r#"{"a":2}"#)),
    ("a: {b: [}\na: 2", None),
    ("a: {null: 1}\na: 2", Some(r#"{"a":2}"#)),
    ("1: a\n\"1\": a", Some(r#"{"1":"a"}"#)),
    ("yes: a", Some(r#"{"true":"a"}"#)),
    ("~: a", None),
    (": a", None),
    ("1.0: a", Some(r#"{"1":"a"}"#)),
    ("1000000.0: a", Some(r#"{"1e+06":"a"}"#)),
    ("0.00001: a", Some(r#"{"1e-05":"a"}"#)),
    ("123456789.5: a", Some(r#"{"1.2345679e+08":"a"}"#)),
    ("1e300: a", Some(r#"{".inf":"a"}"#)),
    (".inf: a", Some(r#"{".inf":"a"}"#)),
    (".nan: a", Some(r#"{".nan":"a"}"#)),
    ("18446744073709551615: a", None),
    ("0x10: a", Some(r#"{"16":"a"}"#)),
    ("2001-12-14: a", Some(r#"{"2001-12-14":"a"}"#)),
    ("a: .inf", None),
    ("a: -.INF", None),
    ("a: .nan", None),
    ("a: .Nan", Some(r#"{"a":".Nan"}"#)),
    ("a: 1e400", Some(r#"{"a":"1e400"}"#)),
    ("a: 0o17", Some(r#"{"a":15}"#)),
    ("a: 017", Some(r#"{"a":15}"#)),
    ("a: 08", Some(r#"{"a":8}"#)),
    ("a: 0b11", Some(r#"{"a":3}"#)),
    ("a: -0b11", Some(r#"{"a":-3}"#)),
    ("a: 0b-11", Some(r#"{"a":-3}"#)),
    ("a: 0x", Some(r#"{"a":"0x"}"#)),
    ("a: 0X1f", Some(r#"{"a":31}"#)),
    ("a: +5", Some(r#"{"a":5}"#)),
    ("a: --5", Some(r#"{"a":"--5"}"#)),
    ("a: 1_000", Some(r#"{"a":1000}"#)),
    ("a: _1", Some(r#"{"a":"_1"}"#)),
    ("a: 1__0_", Some(r#"{"a":10}"#)),
    ("a: .5_0", Some(r#"{"a":0.5}"#)),
    ("a: ._5", Some(r#"{"a":"._5"}"#)),
    ("a: .5e3", Some(r#"{"a":500}"#)),
    ("a: 5.", Some(r#"{"a":5}"#)),
    ("a: .", Some(r#"{"a":"."}"#)),
    ("a: 1e3", Some(r#"{"a":1000}"#)),
    ("a: 1e+3", Some(r#"{"a":1000}"#)),
    ("a: 1.e", Some(r#"{"a":"1.e"}"#)),
    ("a: 12:30:45", Some(r#"{"a":"12:30:45"}"#)),
    ("a: 190:20:30.15", Some(r#"{"a":"190:20:30.15"}"#)),
    (
        "a: 9223372036854775808",
        Some(r#"{"a":9223372036854775808}"#),
    ),
    (
        "a: -9223372036854775809",
        Some(r#"{"a":-9223372036854776000}"#),
    ),
    (
        "a: 18446744073709551616",
        Some(r#"{"a":18446744073709552000}"#),
    ),
    ("a: y", Some(r#"{"a":true}"#)),
    ("a: Yes", Some(r#"{"a":true}"#)),
    ("a: yEs", Some(r#"{"a":"yEs"}"#)),
    ("a: oN", Some(r#"{"a":"oN"}"#)),
    ("a: NO", Some(r#"{"a":false}"#)),
    ("a: nULL", Some(r#"{"a":"nULL"}"#)),
    ("a: TRUE", Some(r#"{"a":true}"#)),
    ("a: tRUE", Some(r#"{"a":"tRUE"}"#)),
    ("a: 'yes'", Some(r#"{"a":"yes"}"#)),
    (
        "a: \"\\x41\\u00e9\\U0001F600\"",
        Some(r#"{"a": "A\u00e9\ud83d\ude00"}"#),
    ),
    ("a: \"\\q\"", None),
    ("a: \"\\/\"", None),
    ("a: \"\\'\"", Some(r#"{"a":"'"}"#)),
    ("a: \"\\ud83d\\ude00\"", None),
    ("a: \"x\\", None),
    ("a: \"x\\\n  y\"", Some(r#"{"a":"xy"}"#)),
    ("a: \"x\n\n  y\"", Some(r#"{"a":"x\ny"}"#)),
    ("\"\\/\"", None),
    ("a: |\n  x", Some(r#"{"a":"x"}"#)),
    ("a: |\n  x\n", Some(r#"{"a":"x\n"}"#)),
    ("a: |-\n  x\n", Some(r#"{"a":"x"}"#)),
    ("a: |+\n  x\n\n", Some(r#"{"a":"x\n\n"}"#)),
    ("a: |2\n   x", Some(r#"{"a":" x"}"#)),
    ("a: |0\n  x", None),
    ("a: |10\n  x", None),
    ("a: |x", None),
    ("a: |\n\tx", None),
    ("a: |\n  x\n y", None),
    ("a: >\n  x\n  y\n\n  z", Some(r#"{"a":"x y\nz"}"#)),
    ("a: >\n  x\n   y", Some(r#"{"a":"x\n y"}"#)),
    ("a: >-\n\n  x", Some(r#"{"a":"\nx"}"#)),
    ("a: | # why\n  x", Some(r#"{"a":"x"}"#)),
    ("a: |#x\n  y", Some(r#"{"a":"y"}"#)),
    ("[a, |]", None),
    ("a: x\r\nb: y\r\n", Some(r#"{"a":"x","b":true}"#)),
    ("a: x\rb: y", Some(r#"{"a":"x","b":true}"#)),
    ("a: x\u{85}b: y", Some(r#"{"a":"x","b":true}"#)),
    ("a: x\u{2028}b: y", Some(r#"{"a":"x","b":true}"#)),
    ("\u{feff}a: 1", Some(r#"{"a":1}"#)),
    ("a: \u{0}", None),
    ("a: \u{1}", None),
    ("a: \u{7f}", None),
    ("a: \u{80}", None),
    ("a: \u{a0}", Some(r#"{"a": "\u00a0"}"#)),
    ("a: \u{fffe}", None),
    ("a: \u{fffd}", Some(r#"{"a": "\ufffd"}"#)),
    ("[]", Some("[]")),
    ("{}", Some("{}")),
    ("[!!str, a]", Some(r#"["a"]"#)),
    ("[!!str,x a]", Some(r#"["a"]"#)),
    ("[!a,b, c]", Some(r#"["c"]"#)),
    ("{!a,: b}", Some(r#"{"b":null}"#)),
    ("!a, b", Some(r#""b""#)),
    ("[!a, !b, c]", None),
    ("[!<a>, b]", None),
    ("[a !b, c]", Some(r#"["a !b","c"]"#)),
    ("{a: \"b !c, d\"}", Some(r#"{"a":"b !c, d"}"#)),
    ("[\"!a,\"]", Some(r#"["!a,"]"#)),
    ("!!, b", Some(r#""b""#)),
    ("a: {}: x", None),
    ("- []: x", None),
    ("a: \n- b", Some(r#"{"a":["b"]}"#)),
    ("a: - b", None),
    ("- a: 1\n  b: 2", Some(r#"[{"a":1,"b":2}]"#)),
    ("- a: 1\n b: 2", None),
    ("a: \"b\": c", None),
    ("\"a\" : b", Some(r#"{"a":"b"}"#)),
    ("a : b", Some(r#"{"a":"b"}"#)),
    ("a :b", Some(r#""a :b""#)),
    ("a:b", Some(r#""a:b""#)),
    ("\"a\":b", Some(r#""a""#)),
    ("a: b:", None),
    ("a:: b", Some(r#"{"a:":"b"}"#)),
    ("a: [b]: c", None),
    ("a: 'b'\n  'c'", None),
    ("a: b\n  c", Some(r#"{"a":"b c"}"#)),
    ("a: b\nc", None),
    ("a: b\n---", Some(r#"{"a":"b"}"#)),
    ("'---'", Some(r#""---""#)),
    ("a: '\n---\n'", None),
    ("a: ---", Some(r#"{"a":"---"}"#)),
    (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d]",
        None,
    ),
];

/// What is left open here; with the JSON, where it is none that is an error.
const UNDECIDED: &[(&str, Option<&str>)] = &[
    ("1: a\n\"1\": b", Some(r#"{"1":"b"}"#)),
    ("''\n\"\\/\"", None),
    ("a: \u{feff}", Some(r#"{"a": "\ufeff"}"#)),
    ("[]: x", Some("[]")),
    ("{}: x", Some("{}")),
    ("[] x", Some("[]")),
];

#[test]
fn texts_are_read_or_refused_as_by_istiod() {
    for (text, expected) in TEXTS {
        match (read(text), expected) {
            (Ok(yaml), Some(json)) => {
                let expected = serde_json::from_str(json).unwrap();
                assert!(
                    are_same(&yaml.clone().into(), &expected),
                    "{text:?}: {yaml:?}"
                );
            }
            (Err(Unread::Refused(_)), None) => {}
            (read, _) => panic!("{text:?}: {read:?}, not {expected:?}"),
        }
    }
}

#[test]
fn what_is_left_open_is_said() {
    for (text, _) in UNDECIDED {
        assert!(
            matches!(read(text), Err(Unread::CannotTell(_))),
            "{text:?}: {:?}",
            read(text)
        );
    }
}

/// Each length tried in Go.
#[test]
fn keys_have_limits() {
    let key = |before: &str, length: usize| read(&format!("{before}{}: v", "k".repeat(length)));
    for (before, length, is_read) in [("", 1024, true), ("", 1025, false), ("x: 1\n", 1100, false)]
    {
        let read = key(before, length);
        assert_eq!(read.is_ok(), is_read, "{before:?} {length}: {read:?}");
    }
    // Go counts characters, of which these keys have fewer than bytes.
    let text = |text: String| read(&text);
    assert!(text(format!("{{\"a\": \"{}\", \"b\": 1}}", "é".repeat(600))).is_ok());
    let key = text(format!("{}: v", "é".repeat(600)));
    assert!(matches!(key, Err(Unread::CannotTell(_))), "{key:?}");
    let deep = |depth| read(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(deep(150).is_ok());
    assert!(matches!(deep(5_000), Err(Unread::CannotTell(_))));
    let aliases = |count: usize| {
        let line = |number| {
            format!(
                "- &a{} {}*a{number}{}\n",
                number + 1,
                "[".repeat(150),
                "]".repeat(150)
            )
        };
        let lines = (0..count).map(line);
        read(&format!("- &a0 x\n{}", lines.collect::<String>()))
    };
    let merges = |count: usize| {
        let line = |number| format!("- &a{} {{<<: *a{number}}}\n", number + 1);
        let lines = (0..count).map(line);
        read(&format!("- &a0 {{x: y}}\n{}", lines.collect::<String>()))
    };
    assert!(merges(10).is_ok());
    assert!(matches!(merges(10_000), Err(Unread::CannotTell(_))));
    assert!(aliases(1).is_ok());
    assert!(matches!(aliases(1_000), Err(Unread::CannotTell(_))));
}

/// JSON does not tell 5 from 5.0.
fn are_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| are_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| are_same(one, other)))
        }
        (one, other) => one == other,
    }
}
