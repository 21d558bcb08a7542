//! Tables in kubectl's manner: columns without lines.

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use crate::render::page::{Page, Style};

/// A table that fits the page.
pub struct Columns {
    table: Table,
    unicode: bool,
}

impl Columns {
    /// An empty table without headings that fits the page.
    pub fn headless(page: &Page) -> Self {
        let look = page.look();
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        if look.colour {
            table.enforce_styling().style_text_only();
        }
        let width = u16::try_from(look.width).unwrap_or(u16::MAX);
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        Self {
            table,
            unicode: look.unicode,
        }
    }

    /// An empty table with these headings; `fit` wraps its cells so that it fits the page.
    pub fn new(headings: &[&str], fit: bool, page: &Page) -> Self {
        let mut columns = Self::headless(page);
        if !fit {
            columns
                .table
                .set_content_arrangement(ContentArrangement::Disabled);
        }
        let bold = |text: &&str| Cell::new(text).add_attribute(Attribute::Bold);
        columns.table.set_header(headings.iter().map(bold));
        columns
    }

    /// One more row. Line breaks in a cell are ours; everything else in it is sanitised.
    pub fn row(&mut self, cells: impl IntoIterator<Item = (Style, String)>) {
        let unicode = self.unicode;
        self.table.add_row(cells.into_iter().map(|(style, text)| {
            let lines = text
                .split('\n')
                .map(|line| crate::render::sanitize(line, unicode));
            paint(Cell::new(lines.collect::<Vec<_>>().join("\n")), style)
        }));
    }

    /// Writes the table.
    pub fn write(mut self, page: &mut Page) -> std::io::Result<()> {
        for column in self.table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        page.table(self.table.lines())
    }
}

fn paint(cell: Cell, style: Style) -> Cell {
    match style {
        Style::Plain => cell,
        Style::Strong => cell.add_attribute(Attribute::Bold),
        Style::Faint => cell.add_attribute(Attribute::Dim),
        Style::Good => cell.fg(Color::DarkGreen),
        Style::Warning => cell.fg(Color::DarkYellow),
        Style::Error => cell.fg(Color::DarkRed),
        Style::Info => cell.fg(Color::DarkCyan),
    }
}
