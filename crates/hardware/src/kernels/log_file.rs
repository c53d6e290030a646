//! Log files: what the producer writes and the analysis reads.

use std::fs;
use std::io;
use std::path::Path;

/// What stands in a log file: `2020-08-27T14:03:10Z 48.3 C sensor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogEntry {
    /// Seconds since 1970, UTC.
    pub unix_s: i64,
    /// Temperature of the processor, with one digit.
    pub celsius: f64,
    /// Where the temperature is from.
    pub origin: Origin,
}

/// Where a temperature is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Measured.
    Sensor,
    /// Invented, because this machine has no sensor.
    Synthetic,
}

impl Origin {
    const fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Synthetic => "synthetic",
        }
    }
}

impl LogEntry {
    /// Returns the content of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let days = self.unix_s.div_euclid(86_400);
        let second = self.unix_s.rem_euclid(86_400);
        let (year, month, day) = date_of(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let origin = self.origin.name();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z {:.1} C {origin}\n", self.celsius)
    }

    /// Reads the content of a file; none if it is not a log file or not whole.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.strip_suffix('\n')?;
        let mut words = line.split(' ');
        let unix_s = parse_time(words.next()?)?;
        let celsius = words.next()?.parse().ok()?;
        if words.next()? != "C" {
            return None;
        }
        let name = words.next()?;
        let origin = [Origin::Sensor, Origin::Synthetic].into_iter().find(|origin| origin.name() == name)?;
        words.next().is_none().then_some(Self { unix_s, celsius, origin })
    }
}

/// Reads `2020-08-27T14:03:10Z`.
fn parse_time(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    Some(days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_ERA: i64 = 146_097;
/// Days from 1 March of year 0 to 1 January 1970.
const DAYS_TO_1970: i64 = 719_468;

/// Returns year, month and day of a day since 1970 in the Gregorian calendar: Hinnant, "chrono-compatible low-level date
/// algorithms" (2013). Years start in March, so that the leap day is the last.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let era = days.div_euclid(DAYS_OF_ERA);
    let day_of_era = days.rem_euclid(DAYS_OF_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Returns the day since 1970 of a date: the inverse of [`date_of`].
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * DAYS_OF_ERA + day_of_era - DAYS_TO_1970
}

/// Returns the name of a log file.
#[must_use]
pub fn file_name(item: u32) -> String {
    format!("log-{item:06}.txt")
}

/// Writes log file `item` so that nobody sees it before it is whole.
///
/// # Errors
/// Of the file system.
pub fn write(folder: &Path, item: u32, entry: &LogEntry) -> io::Result<()> {
    let part = folder.join(format!(".{}.part", file_name(item)));
    fs::write(&part, entry.to_text())?;
    fs::rename(&part, folder.join(file_name(item)))
}

/// Returns how many log files are complete.
///
/// # Errors
/// Of the file system.
pub fn count_complete(folder: &Path) -> io::Result<u32> {
    let mut n = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        n += u32::from(name.to_string_lossy().starts_with("log-"));
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_text() {
        let entry = LogEntry { unix_s: 1_598_536_990, celsius: 48.3, origin: Origin::Sensor };
        assert_eq!(entry.to_text(), "2020-08-27T14:03:10Z 48.3 C sensor\n");
        assert_eq!(LogEntry::parse(&entry.to_text()), Some(entry));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        // `date -u -d DATE +%s` / 86400
        for (days, date) in [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (18_321, (2020, 2, 29)), (-1, (1969, 12, 31))]
        {
            assert_eq!((date_of(days), days_of(date.0, date.1, date.2)), (date, days));
        }
    }

    #[test]
    fn a_cut_file_is_no_entry() {
        let text = LogEntry { unix_s: 0, celsius: 40.0, origin: Origin::Synthetic }.to_text();
        for end in 0..text.len() {
            assert_eq!(LogEntry::parse(&text[..end]), None, "{:?}", &text[..end]);
        }
    }

    #[test]
    fn only_whole_files_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let entry = LogEntry { unix_s: 0, celsius: 40.0, origin: Origin::Synthetic };
        write(folder.path(), 0, &entry).expect("a file");
        fs::write(folder.path().join(".log-000001.txt.part"), "half").expect("a file");
        assert_eq!(count_complete(folder.path()).expect("a count"), 1);
    }
}
