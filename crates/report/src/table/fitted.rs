//! Tables that are no wider than a terminal: headers and words in several lines, or columns in several tables.

use super::Column;
use dlpc_predict::plain_text::{width, wrapped};

/// Space at both sides of each cell, and between two columns.
const SPACE: usize = 3;
/// Longest word that is never broken, in symbols.
const WORD_MAX: usize = 24;

/// Returns the columns in groups that fit into `columns_max` each; all but the first group begin with the first column.
pub(super) fn fitted(columns: Vec<Column>, columns_max: usize) -> Vec<Vec<Column>> {
    let mut widths = widths(&columns, columns_max);
    let mut columns: Vec<Column> =
        columns.into_iter().zip(&widths).map(|(column, width)| column.narrowed(*width)).collect();
    let mut groups = Vec::new();
    loop {
        let n = n_that_fit(&widths, columns_max);
        if n == columns.len() {
            groups.push(columns);
            return groups;
        }
        let mut rest = vec![columns[0].clone()];
        rest.extend(columns.split_off(n));
        let rest_widths = widths[..1].iter().chain(&widths[n..]).copied().collect();
        widths = rest_widths;
        groups.push(std::mem::replace(&mut columns, rest));
    }
}

/// Returns how many columns fit, two at least: otherwise there would be no end.
fn n_that_fit(widths: &[usize], columns_max: usize) -> usize {
    let fit = (1..=widths.len()).take_while(|n| total(&widths[..*n]) <= columns_max);
    fit.count().max(2).min(widths.len())
}

/// Returns the width of a table.
fn total(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + SPACE).sum::<usize>().saturating_sub(1)
}

/// Returns the width of each column: that of its text, less what its lines can be broken by, if all are too wide.
fn widths(columns: &[Column], columns_max: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let least: Vec<usize> = columns.iter().map(Column::least_width).collect();
    if columns_max < total(&least) {
        // They become several tables, in which columns need not be as narrow as they can.
        return widths.iter().zip(least).map(|(width, least)| (*width).min(least.max(columns_max / 2))).collect();
    }
    while columns_max < total(&widths) {
        // Numbers first, whose headers only are broken; of those the one that is easiest to narrow.
        let slack = |i: &usize| widths[*i] - least[*i];
        let wider = (0..columns.len()).filter(|i| 0 < slack(i));
        let Some(i) = wider.max_by_key(|i| (columns[*i].is_number(), slack(i))) else { break };
        widths[i] -= 1;
    }
    widths
}

impl Column {
    fn is_number(&self) -> bool {
        self.alignment == comfy_table::CellAlignment::Right
    }

    fn width(&self) -> usize {
        self.cells.iter().chain([&self.header]).map(|text| width(text)).max().unwrap_or(0)
    }

    /// Returns how narrow the column can be: numbers are not broken, nor are words.
    fn least_width(&self) -> usize {
        let word = |text: &String| wrapped(&broken(text), 1).split('\n').map(width).max().unwrap_or(0);
        let of_cell = |text: &String| if self.is_number() { width(text) } else { word(text) };
        self.cells.iter().map(of_cell).chain([word(&self.header)]).max().unwrap_or(0)
    }

    fn narrowed(self, columns: usize) -> Self {
        let text = |text: &String| if width(text) <= columns { text.clone() } else { wrapped(&broken(text), columns) };
        let cells = self.cells.iter().map(|cell| tight(&text(cell))).collect();
        Self { header: tight(&text(&self.header)), cells, ..self }
    }
}

/// Marks the places within a path of keys, or within a word that is too long, where its line may end.
fn broken(text: &str) -> String {
    text.replace('.', ".\u{200b} ").split(' ').map(pieces).collect::<Vec<_>>().join(" ")
}

/// Returns a word with marks after each [`WORD_MAX`] symbols.
fn pieces(word: &str) -> String {
    let symbols: Vec<char> = word.chars().collect();
    symbols.chunks(WORD_MAX).map(String::from_iter).collect::<Vec<_>>().join("\u{200b} ")
}

/// Closes the places within a path of keys, or a word, where no line ended.
fn tight(text: &str) -> String {
    text.replace("\u{200b} ", "").replace('\u{200b}', "")
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    fn column(header: &str, cell: &str) -> Column {
        Column::numbers(header, vec![cell.to_owned()])
    }

    fn widest(text: &str) -> usize {
        text.lines().map(width).max().unwrap_or(0)
    }

    #[test]
    fn headers_of_numbers_are_broken_before_words() {
        let text = render(vec![
            column("predicted time", "1"),
            column("measured time", "2"),
            column(&"x".repeat(28), "3"),
            Column::words("why", vec!["a reason of some words".to_owned()]),
        ]);
        assert!(text.contains("predicted  ") && text.contains("a reason of some words"), "{text}");
        assert!(widest(&text) <= 80, "{text}");
    }

    #[test]
    fn paths_of_keys_are_broken_between_keys() {
        let path = ["machine"; 12].join(".");
        let text = render(vec![column(&path, "1"), column("time", "2")]);
        let is_whole = |word: &str| word.split('.').all(|key| ["", "machine"].contains(&key));
        assert!(text.split_whitespace().filter(|word| word.contains("machine")).all(is_whole), "{text}");
        assert!(widest(&text) <= 80 && !text.contains('\u{200b}'), "{text}");
    }

    #[test]
    fn columns_that_do_not_fit_go_to_a_table_below() {
        let text = render((0..5).map(|i| column(&format!("{i}{}", "x".repeat(24)), "1")).collect());
        // 3 * (25 + 3) - 1 = 83: two beside each other, the first of them in each table.
        assert_eq!(text.matches("0xxx").count(), 4, "{text}");
        assert!(widest(&text) <= 80, "{text}");
    }
}
