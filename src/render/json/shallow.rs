//! JSON with a line for each thing near the top, and what is in it on that line: a third of the size that it has with
//! every word on its own line, and still to be read and compared.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// How deep things get their own line: in a snapshot, each field of an object that was read.
const LINES: usize = 5;

/// The format.
#[derive(Default)]
pub struct Shallow {
    depth: usize,
    is_empty: bool,
}

impl Shallow {
    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        out.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        let has_lines = !self.is_empty && self.depth <= LINES;
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
        match self.depth <= LINES {
            true => self.line(out),
            false => Ok(()),
        }
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b" "))
    }
}

impl Formatter for Shallow {
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
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_deep_stands_on_one_line() {
        let value = json!({"a": [], "b": {"c": [{"d": {"e": {"f": [1, {"g": {}}]}}}]}});
        let mut out = Vec::new();
        crate::render::json::shallow(&value, &mut out).unwrap();
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
}
