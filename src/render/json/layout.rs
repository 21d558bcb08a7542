//! How JSON is laid out in lines: a line for each thing, or only for those near the top, with what is in them on that
//! line. The latter takes a third of the room, and is still to be read and compared.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// How deep things get their own line near the top: in a snapshot, each field of an object that was read.
const NEAR_THE_TOP: usize = 5;

const SPACES: &str = "                                ";

/// The format.
pub struct Layout {
    /// How deep things get their own line.
    deepest: usize,
    /// The spaces for each thing that a line is in.
    indent: usize,
    colon: &'static [u8],
    depth: usize,
    is_empty: bool,
}

impl Layout {
    /// A line for each thing, as `serde_json`'s own pretty format has it, which writes each space on its own.
    pub fn pretty() -> Self {
        Self {
            deepest: usize::MAX,
            indent: 2,
            colon: b": ",
            depth: 0,
            is_empty: false,
        }
    }

    /// A line for each thing near the top, and what is in it on that line.
    pub fn shallow() -> Self {
        Self {
            deepest: NEAR_THE_TOP,
            indent: 1,
            colon: b":",
            ..Self::pretty()
        }
    }

    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        out.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        let has_lines = !self.is_empty && self.depth <= self.deepest;
        self.depth -= 1;
        if has_lines {
            self.line(out)?;
        }
        self.is_empty = false;
        out.write_all(bracket)
    }

    fn value<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        self.is_empty = false;
        if !is_first {
            out.write_all(b",")?;
        }
        match self.depth <= self.deepest {
            true => self.line(out),
            false => Ok(()),
        }
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        let mut left = self.depth * self.indent;
        while left > 0 {
            let (some, _) = SPACES.split_at(left.min(SPACES.len()));
            out.write_all(some.as_bytes())?;
            left -= some.len();
        }
        Ok(())
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.value(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.value(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(self.colon)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn value() -> Value {
        json!({"a": [], "b": {"c": [{"d": {"e": {"f": [1, {"g": {}}]}}}]}})
    }

    #[test]
    fn what_is_deep_stands_on_one_line() {
        let mut out = Vec::new();
        crate::render::json::shallow(&value(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines = [
            "{",
            " \"a\":[],",
            " \"b\":{",
            "  \"c\":[",
            "   {",
            "    \"d\":{",
            "     \"e\":{\"f\":[1,{\"g\":{}}]}",
            "    }",
            "   }",
            "  ]",
            " }",
            "}",
            "",
        ];
        assert_eq!(text, lines.join("\n"));
    }

    #[test]
    fn all_lines_are_those_of_the_usual_format() {
        // More spaces than are written at once.
        let deep = (0..20).fold(value(), |inner, _| json!([inner]));
        let mut out = Vec::new();
        crate::render::json::pretty(&deep, &mut out).unwrap();
        let expected = serde_json::to_string_pretty(&deep).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
    }
}
