"""Tables are read whole, or refused by row and column."""

import gzip

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from harbor_fleet.data import DataError, load_panel
from harbor_fleet.predictor import HOLIDAY, SPECIAL

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


def test_a_gap_shows_the_row_to_add(rows, write):
    message = (
        "counts.csv: row 12, column date: site 'north' has no row for 2023-01-11; "
        "add it with an empty count: north,2023-01-11,"
    )
    assert refused(write([*rows[:11], *rows[12:]])) == message


def test_a_wider_gap_says_how_wide(rows, write):
    message = (
        "counts.csv: row 12, column date: site 'north' has no row for 2023-01-11 and 2 more before "
        "2023-01-14; add it with an empty count: north,2023-01-11,"
    )
    assert refused(write([*rows[:11], *rows[14:]])) == message


def test_the_row_shown_closes_the_gap(rows, write):
    gap = [*rows[:11], *rows[12:]]
    shown = refused(write(gap)).rsplit(": ", 1)[1]
    panel, _ = load_panel(write([*gap, shown.split(",")]))
    assert np.isnan(panel.counts[0, 10]) and np.isnan(panel.counts).sum() == 1


def test_a_depot_that_ends_early(rows, write):
    message = (
        "counts.csv: row 400, column date: site 'south' ends on 2023-07-18 and others on "
        "2023-07-19; add its last days with empty counts, or take the site out"
    )
    assert refused(write(rows[:-1])) == message


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


def test_text_that_is_not_utf8(rows, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(b"site,date,count\nK\xf8ge,2023-01-01,4\n")
    assert refused(path) == (
        "latin.csv: the file can not be read to its end ('utf-8' codec can't decode byte 0xf8 in "
        "position 17: invalid start byte); copy or download it again"
    )


def test_parquet_rows_are_counted_from_one(rows, tmp_path):
    path = tmp_path / "counts.parquet"
    sites, dates, counts = (list(column) for column in zip(*rows[1:], strict=True))
    counts[4] = "-1"
    table = pyarrow.table({"site": sites, "date": dates, "count": counts})
    pyarrow.parquet.write_table(table, path)
    assert refused(path).startswith("counts.parquet: row 5, column count: -1 is negative")
