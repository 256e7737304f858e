"""Tables are read whole, or refused by row and column."""

import gzip
from datetime import date as Date

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from harbor_fleet.data import DataError, inspect, load_panel
from harbor_fleet.predictor import HOLIDAY, SPECIAL

TODAY = Date(2023, 8, 1)
FIRST_SOUTH = 201  # index of the second depot's first row; its row in the file is one more


def refused(path, covariates=()) -> str:
    """The message for a table, with the folder left out."""
    with pytest.raises(DataError) as caught:
        load_panel(path, covariates)
    return str(caught.value).replace(str(path.parent) + "/", "")


def test_every_row_arrives(rows, write):
    panel, unused = load_panel(write(rows))
    assert panel.sites == ("north", "south")
    assert panel.counts.tolist() == [
        [float(row[2]) for row in rows[1:FIRST_SOUTH]],
        [float(row[2]) for row in rows[FIRST_SOUTH:]],
    ]
    assert str(panel.dates[0]) == "2023-01-01" and len(panel.dates) == 200
    assert panel.calendar.weekday[0] == 6  # 2023-01-01 was a Sunday
    assert unused == []


def test_rows_may_come_in_any_order(rows, write):
    shuffled = [rows[0], *np.random.default_rng(0).permutation(rows[1:]).tolist()]
    expected = load_panel(write(rows))[0].counts
    np.testing.assert_array_equal(load_panel(write(shuffled))[0].counts, expected)


@pytest.mark.parametrize("kind", ["csv.gz", "parquet", "parquet of text"])
def test_other_kinds_of_file_hold_the_same(kind, rows, write, tmp_path):
    rows[5][2] = ""
    expected = load_panel(write(rows))[0].counts
    if kind == "csv.gz":
        path = tmp_path / "counts.csv.gz"
        path.write_bytes(gzip.compress((tmp_path / "counts.csv").read_bytes()))
    else:
        path = tmp_path / "counts.parquet"
        sites, dates, counts = zip(*rows[1:], strict=True)
        typed = {
            "site": list(sites),
            "date": np.array(dates, dtype="datetime64[s]"),
            "count": [float(count) if count else None for count in counts],
        }
        text = dict(zip(rows[0], (sites, dates, counts), strict=True))
        table = pyarrow.table(typed if kind == "parquet" else text)
        pyarrow.parquet.write_table(table, path)
    np.testing.assert_array_equal(load_panel(path)[0].counts, expected)


def test_named_days_covariates_and_unused_columns(rows, write):
    rows[0] += ["city", "holiday", "holiday_name", "special", "tide", "note"]
    for row in rows[1:]:
        row += ["Oslo", "0", "", "", "1.5", "x"]
    rows[2][4:7] = ["1", "Founders", ""]
    rows[3][4:7] = ["1", "", ""]
    rows[4][4:7] = ["", "", "Regatta"]
    rows[5][7] = "-2"
    panel, unused = load_panel(write(rows), ("tide",))
    assert panel.calendar.name[0, :5].tolist() == ["", "Founders", "holiday", "Regatta", ""]
    assert panel.calendar.kind[0, :5].tolist() == [0, HOLIDAY, HOLIDAY, SPECIAL, 0]
    assert panel.calendar.covariates[0, :5, 0].tolist() == [1.5, 1.5, 1.5, 1.5, -2.0]
    assert unused == ["note"]


def test_a_depot_may_begin_late(rows, write):
    panel, _ = load_panel(write([*rows[:FIRST_SOUTH], *rows[FIRST_SOUTH + 50 :]]))
    assert np.isnan(panel.counts[1, :50]).all() and np.isfinite(panel.counts[1, 50:]).all()


CELLS = {
    "bad date": (
        (3, 1, "2023-02-30"),
        "row 4, column date: '2023-02-30' is not a date; write year-month-day, such as 2024-03-31",
    ),
    "other date form": (
        (3, 1, "03/01/2023"),
        "row 4, column date: '03/01/2023' is not a date; write year-month-day, such as 2024-03-31",
    ),
    "empty date": (
        (3, 1, ""),
        "row 4, column date: is empty; write year-month-day, such as 2024-03-31",
    ),
    "empty site": ((3, 0, " "), "row 4, column site: is empty; write the depot's name"),
    "negative": (
        (3, 2, "-4"),
        "row 4, column count: -4 is negative; "
        "write 0 or more, or leave it empty where it is missing",
    ),
    "word": (
        (3, 2, "many"),
        "row 4, column count: 'many' is not a number; "
        "write digits, or leave it empty where it is missing",
    ),
    "nan": (
        (3, 2, "nan"),
        "row 4, column count: 'nan' is not a number; "
        "write digits, or leave it empty where it is missing",
    ),
    "infinite": (
        (3, 2, "1e999"),
        "row 4, column count: '1e999' is not a number; "
        "write digits, or leave it empty where it is missing",
    ),
    "underscore": (
        (3, 2, "1_000"),
        "row 4, column count: '1_000' is not a number; "
        "write digits, or leave it empty where it is missing",
    ),
    "duplicate": (
        (3, 1, "2023-01-02"),
        "row 4, column date: site 'north' already has 2023-01-02 in row 3; "
        "keep one of the two rows",
    ),
    "comma in a name": (
        (3, 0, "north, pier"),
        "row 4: has 4 cells where the header has 3; put a name with a comma in double quotes",
    ),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_wrong_cell_is_named(case, rows, write):
    (row, column, text), message = CELLS[case]
    rows[row][column] = text
    separator = ": " if message.startswith("row") else " "
    assert refused(write(rows)) == f"counts.csv{separator}{message}"


def warned(path, **options) -> list[str]:
    """What is said about a table that can be used, but for notes."""
    found = inspect(path, today=TODAY, **options)
    assert found.panel is not None, found.findings
    return [str(finding) for finding in found.findings if finding.level == "warning"]


def test_days_without_a_row_are_missing_and_said(rows, write):
    path = write([*rows[:11], *rows[14:]])
    assert warned(path) == [
        "row 11, column date: site 'north' has no row for 2023-01-11 and 2 other days; days "
        "without a row are missing counts; add it with an empty count: north,2023-01-11,"
    ]
    panel, _ = load_panel(path)
    assert np.isnan(panel.counts[0, 10:13]).all() and np.isnan(panel.counts).sum() == 3


def test_a_day_without_a_row_has_the_others_holiday(rows, write):
    rows[0] += ["holiday", "holiday_name"]
    for row in rows[1:]:
        row += ["1", "Founders"] if row[1] == "2023-01-11" else ["0", ""]
    panel, _ = load_panel(write([*rows[:11], *rows[12:]]))
    assert panel.calendar.name[:, 10].tolist() == ["Founders", "Founders"]


def test_with_covariates_a_missing_row_is_an_error(rows, write):
    rows[0].append("tide")
    for row in rows[1:]:
        row.append("1")
    message = (
        "counts.csv: row 11, column date: site 'north' has no row for 2023-01-11; add it with an "
        "empty count: north,2023-01-11,,"
    )
    assert refused(write([*rows[:11], *rows[12:]]), ("tide",)) == message


def test_a_depot_that_ends_early(rows, write):
    assert warned(write(rows[:-1])) == [
        "row 400, column date: site 'south' ends on 2023-07-18 and others on 2023-07-19; "
        "add its last days with empty counts, or take the site out"
    ]


def test_two_cities_for_one_depot(rows, write):
    rows[0].append("city")
    for row in rows[1:]:
        row.append("Oslo")
    rows[9][3] = "Bergen"
    message = (
        "counts.csv: row 10, column city: site 'north' is in 'Bergen' here and in 'Oslo' in row 2; "
        "give each depot a name of its own"
    )
    assert refused(write(rows)) == message


def test_holiday_is_a_flag(rows, write):
    rows[0].append("holiday")
    for row in rows[1:]:
        row.append("0")
    rows[9][3] = "yes"
    message = "counts.csv: row 10, column holiday: 'yes' is not 0 or 1; write 0 or 1"
    assert refused(write(rows)) == message


@pytest.mark.parametrize(
    ("text", "problem"), [("", "is empty"), ("high", "'high' is not a number")]
)
def test_covariates_are_numbers_every_day(text, problem, rows, write):
    rows[0].append("tide")
    for row in rows[1:]:
        row.append("1")
    rows[9][3] = text
    message = f"counts.csv: row 10, column tide: {problem}; write a number for every day"
    assert refused(write(rows), ("tide",)) == message


@pytest.mark.parametrize("column", ["site", "date", "count"])
def test_a_missing_column(column, rows, write):
    rows[0][rows[0].index(column)] = "other"
    found = ", ".join(rows[0])
    message = f"counts.csv: row 1, column {column}: is missing; the columns found are {found}"
    assert refused(write(rows)) == message


def test_a_missing_covariate(rows, write):
    message = "counts.csv: row 1, column tide: is missing; the columns found are site, date, count"
    assert refused(write(rows), ("tide",)) == message


def test_a_column_with_a_meaning_is_no_covariate(rows, write):
    message = "counts.csv: row 1, column count: is not a covariate; leave out --covariate count"
    assert refused(write(rows), ("count",)) == message


def test_a_column_that_stands_twice(rows, write):
    rows[0][0] = "date"
    assert refused(write(rows)) == "counts.csv: row 1, column date: stands twice; rename one"


def test_too_few_days(rows, write):
    short = [rows[0], *rows[1:150], *rows[FIRST_SOUTH : FIRST_SOUTH + 149]]
    message = (
        "counts.csv: column date: 2023-01-01 to 2023-05-29 is 149 days, and 160 are needed; "
        "add older rows"
    )
    assert refused(write(short)) == message


def test_a_depot_with_too_few_counts(rows, write):
    for row in rows[FIRST_SOUTH : FIRST_SOUTH + 140]:
        row[2] = ""
    message = (
        "counts.csv: column count: site 'south' has 30 counts in the 170 days before the last 30, "
        "and 56 are needed; take the site out"
    )
    assert refused(write(rows)) == message


def test_counts_must_be_recent_enough(rows, write):
    for row in rows[FIRST_SOUTH + 60 :]:
        row[2] = ""
    path = write(rows)
    assert load_panel(path)[0].sites == ("north", "south")
    with pytest.raises(
        DataError, match=r"'south' has 20 counts in the 130 days before the last 30"
    ):
        load_panel(path, window=160)


def test_no_counts_at_all(rows, write):
    for row in rows[1:]:
        row[2] = ""
    message = "counts.csv: column count: is empty in every row; write the counts"
    assert refused(write(rows)) == message


def test_no_rows(rows, write):
    message = "counts.csv: the file has a header and no rows; add rows to it"
    assert refused(write(rows[:1])) == message


def test_files_that_are_no_table(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert refused(empty) == "empty.csv: the file is empty; write a header and rows to it"
    absent = tmp_path / "absent.csv"
    message = "absent.csv: there is no such file; check the path given to --data"
    assert refused(absent) == message
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert refused(folder) == "folder.csv: this is a folder; give --data a file"
    sheet = tmp_path / "sheet.xlsx"
    sheet.write_text("x")
    message = "sheet.xlsx: unknown kind of file; use .csv, .csv.gz or .parquet"
    assert refused(sheet) == message


def test_a_gz_cut_short(rows, write):
    path = write(rows)
    cut = path.with_name("cut.csv.gz")
    cut.write_bytes(gzip.compress(path.read_bytes())[:-200])
    assert refused(cut) == (
        "cut.csv.gz: the file can not be read to its end (Compressed file ended before the "
        "end-of-stream marker was reached); copy or download it again"
    )


def test_a_parquet_cut_short(tmp_path):
    path = tmp_path / "cut.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"site": ["a"]}), path)
    path.write_bytes(path.read_bytes()[:-10])
    assert refused(path) == (
        "cut.parquet: the file can not be read to its end (it is not a whole parquet file); "
        "copy or download it again"
    )


def test_text_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(b"site,date,count\nK\xf8ge,2023-01-01,4\n")
    assert refused(path) == (
        "latin.csv: row 2: byte 0xf8 near 'K\xf8ge,2023' is not UTF-8; save it as UTF-8: "
        "iconv -f WINDOWS-1252 -t UTF-8 latin.csv > utf8.csv"
    )
    path.write_bytes("site,date,count\n".encode("utf-16"))
    assert "looks like UTF-16; save it as UTF-8: iconv -f UTF-16" in refused(path)


def test_parquet_rows_are_counted_from_one(rows, tmp_path):
    path = tmp_path / "counts.parquet"
    sites, dates, counts = (list(column) for column in zip(*rows[1:], strict=True))
    counts[4] = "-1"
    table = pyarrow.table({"site": sites, "date": dates, "count": counts})
    pyarrow.parquet.write_table(table, path)
    assert refused(path).startswith("counts.parquet: row 5, column count: -1 is negative")


def found(path, **options) -> list[tuple[str, str]]:
    """Level and text of every finding."""
    said = inspect(path, today=TODAY, **options).findings
    return [(finding.level, str(finding)) for finding in said]


YEAR = "write year-month-day, such as 2024-03-31"
DATES = {
    "2023-01-03T10:30:00+02:00": "has a time zone; write the depot's own local day alone, since a "
    "zone can move a count by a day",
    "2023-01-03 00:00:00Z": "has a time zone; write the depot's own local day alone, since a zone "
    "can move a count by a day",
    "2023-01-03 10:30:00": "is a moment, not a day; add up the counts of each day and write the "
    "day alone",
    "3 Jan 2023": f"is not a date; {YEAR}",
    "20230103": f"is not a date; {YEAR}",
}


@pytest.mark.parametrize("text", DATES)
def test_other_forms_of_dates(text, rows, write):
    rows[3][1] = text
    (first, *others) = found(write(rows))
    assert first == ("error", f"row 4, column date: {text!r} {DATES[text]}")
    assert any("mixes 2 forms: '9999-99-99' (399), " in said for _, said in others)


def test_midnight_is_left_out_with_a_word(rows, write):
    for row in rows[1:]:
        row[1] += " 00:00:00"
    said = warned(write(rows))
    assert (
        len(said) == 1 and "has a time, midnight, which was left out (and 399 more rows" in said[0]
    )


def test_all_that_is_wrong_is_said_at_once(rows, write):
    rows[3][2], rows[5][2], rows[9][2], rows[7][0] = "-4", "many", "-2", ""
    path = write(rows)
    assert [said for level, said in found(path) if level == "error"] == [
        "row 8, column site: is empty; write the depot's name",
        "row 4, column count: -4 is negative (and 1 more row: 10); write 0 or more, or leave it "
        "empty where it is missing",
        "row 6, column count: 'many' is not a number; write digits, or leave it empty where it is "
        "missing",
    ]
    assert refused(path).endswith("2 more kinds of errors: harbor-fleet check " + str(path.name))


def test_repeated_rows_with_the_same_count(rows, write):
    (first,) = [said for level, said in found(write([*rows, rows[5]])) if level == "error"]
    assert first == (
        "row 402, column date: site 'north' already has 2023-01-05 in row 6, with the same count; "
        "keep one of the two rows"
    )


def test_rows_out_of_order_are_sorted_with_a_word(rows, write):
    said = warned(write([rows[0], *rows[1:][::-1]]))
    assert len(said) == 1
    assert said[0].startswith("row 3, column date: site 'south' goes back to 2023-07-18; the rows")


def test_counts_of_the_future_and_days_too_far_ahead(rows, write):
    path = write(rows)
    said = inspect(path, today=Date(2023, 7, 1)).findings
    assert str(said[0]).startswith(
        "row 184, column date: 2023-07-02 is after today, 2023-07-01, and has a count (and 35 more"
    )
    rows.append(["north", "2203-07-20", ""])
    assert refused(write(rows)).startswith(
        "counts.csv: row 402, column date: 2203-07-20 is 65744 days after the last count, of "
        "2023-07-19; check the year"
    )


def test_semicolons_a_mark_and_no_last_newline(rows, write):
    path = write([[";".join(row)] for row in rows])
    text = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert found(path) == [
        ("warning", "row 1: cells are separated by semicolons, and were read so; commas are usual"),
        (
            "warning",
            "row 401: the last row does not end with a newline: it may be cut short; compare it "
            "with its source",
        ),
        ("note", "the file opens with a byte-order mark, which was passed over"),
    ]


def test_a_file_that_is_cut_off(rows, write):
    path = write(rows)
    path.write_text(path.read_text()[: -len("07-19,80\n")])
    message = "row 401: has 2 cells where the header has 3: the file is cut off here"
    assert refused(path) == f"counts.csv: {message}; copy or download it again"


def test_closed_silent_and_new_depots(rows, write):
    for row in rows[FIRST_SOUTH + 180 :]:
        row[2] = "0"
    said = warned(write(rows))
    assert said == [
        "column count: site 'south' has only zeros since 2023-06-30: forecast as closed; take it "
        "out of the table if it is gone for good"
    ]
    for row in rows[FIRST_SOUTH + 180 :]:
        row[2] = ""
    (said,) = warned(write(rows))
    assert "site 'south' has no count since 2023-06-30: forecast as if it is open; ask" in said
    (said,) = warned(write([*rows[:FIRST_SOUTH], *rows[FIRST_SOUTH + 150 : -20]]), window=200)[1:]
    assert said == (
        "column count: site 'south' has 20 counts in the 170 days before the last 30, and 56 are "
        "needed; its forecast comes from the other depots' week, and the fit leaves it out"
    )


def test_zeros_and_missing_counts_are_counted(rows, write):
    rows[5][2], rows[6][2] = "0", ""
    notes = [said for level, said in found(write(rows)) if level == "note"]
    assert notes == [
        "column count: 1 days of 1 depots have no count (0.2 %); they are taken as missing, not "
        "as 0",
        "column count: 1 counts at 1 depots are 0 (0.2 %); leave them empty where nothing was "
        "counted",
    ]
    for row in rows[FIRST_SOUTH : FIRST_SOUTH + 90 : 2]:
        row[2] = ""
    assert "site 'south' misses 22 % of its days" in warned(write(rows))[0]


def test_holidays_that_are_not_everywhere(rows, write):
    rows[0] += ["holiday", "holiday_name"]
    for row in rows[1:]:
        row += ["0", ""]
    rows[9][3:] = ["1", "Founders"]
    assert warned(write(rows)) == [
        "column holiday: 2023-01-09 is 'Founders' at 1 of 2 depots; give all depots the same days, "
        "unless this is meant"
    ]
