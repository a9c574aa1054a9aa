#!/usr/bin/env python3
"""From text to typed Parquet, beside DuckDB's reader of CSV, on the same file in the same run.

    python3 benches/peers/intake.py FOLDER PROGRAM [--megabytes 200] [--repeats 3] [--part reading|runs]

Needs `pip install duckdb`. FOLDER gets the orders and two studies, one of which is put away afterwards; PROGRAM is a release build.
Ours reads the orders with all checks on (types, ids that must not come twice) and writes them typed; what the rest of `check` takes, the
join of one answer among them, is measured on a file of ten orders and taken off. DuckDB reads the same file with the types said, once into a
table of its own and once into Parquet, which is what we write; it checks no ids.

The second part, `runs`, holds the second run over the same files against the first, each as a whole process with a cache that begins empty:
once of the study without models of its own (no bootstrap, evaluation, actions or scores), where reading is most of the work, and once as the
study stands. It needs no DuckDB.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

STUDY = """study = {{ name = "orders", as_of = 2026-12-31 }}
[sources.feedback]
path = "answers.csv"
customer = "who"
time = "when"
recommend = "ltr"
[sources.transactions]
path = "{orders}"
id = "order"
customer = "who"
time = "when"
amount = "sum"
channel = "via"
[drivers]
touchpoints = ["touch"]
[outcomes.recommend]
"""
# What is left is to read, to join, and one model of forty answers.
WITHOUT_MODELS = """[evaluation]
enabled = false
[actions]
enabled = false
[scores]
enabled = false
"""


def orders(path, n_bytes):
    """Orders whose ids are all different, one line some 63 bytes."""
    with path.open("w", newline="") as file:
        written = file.write("order,who,when,sum,via\n")
        row = 0
        while written < n_bytes:
            lines = []
            for row in range(row, row + 10_000):
                lines.append(
                    f"O-{row:09},C-{row * 2654435761 % 500000:07},2026-{1 + row % 8:02}-{1 + row % 28:02}T{row % 24:02}:"
                    f"{row % 60:02}:{row % 59:02}Z,{row % 400}.{row % 100:02},{('web', 'shop', 'phone')[row % 3]}\n"
                )
            row += 1
            written += file.write("".join(lines))
    return row


def timed(work):
    """Seconds by the clock, and of processor time where it is another process."""
    clock, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - clock, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("program", type=Path)
    arguments.add_argument("--megabytes", type=int, default=200)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--part", choices=("reading", "runs"), help="one of the two parts; both where none is named")
    asked = arguments.parse_args()
    folder = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    big, small = folder / "orders.csv", folder / "few.csv"
    n_rows = orders(big, asked.megabytes * 1_000_000)
    small.write_text("".join(big.open().readlines(1_000)[:11]))
    rows = "".join(f"C-{n:07},2026-09-01T00:00:00Z,{n % 11},{1 + n % 5}\n" for n in range(40))
    (folder / "answers.csv").write_text("who,when,ltr,touch\n" + rows)
    for name in ("orders", "few"):
        (folder / f"{name}.toml").write_text(STUDY.format(orders=f"{name}.csv"))
    print(f"{n_rows} rows, {big.stat().st_size / 1e6:.0f} MB; medians of {asked.repeats}")
    if asked.part != "runs":
        reading(asked, folder, big)
    if asked.part != "reading":
        runs(asked, folder)
    return 0


def runs(asked, folder):
    """The first run and the second over the same files."""
    study = STUDY.format(orders="orders.csv")
    bare = study.replace("as_of =", "bootstrap = 0, as_of =") + WITHOUT_MODELS
    for what, text in (("without models", bare), ("as it stands", study)):
        (folder / "twice.toml").write_text(text)
        results = folder / "results-twice"
        command = [str(asked.program.resolve()), "run", "twice.toml", "--quiet", "--out", results.name]

        def once():
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        first, second = [], []
        for _ in range(asked.repeats):
            shutil.rmtree(results, ignore_errors=True)
            first.append(timed(once))
            second.append(timed(once))
        kept = sum(path.stat().st_size for path in (results / "cache").rglob("*") if path.is_file())
        shutil.rmtree(results, ignore_errors=True)
        for at, unit in enumerate(("by the clock", "of processor time")):
            one, two = (statistics.median(own[at] for own in all_of) for all_of in (first, second))
            print(f"run {what}, {unit}: first {one:.2f} s, second {two:.2f} s, ratio {two / one:.3f}")
        print(f"kept by the cache: {kept / 1e6:.0f} MB")


def reading(asked, folder, big):
    """The orders into types, beside DuckDB."""
    import duckdb

    def ours(name):
        command = [str(asked.program.resolve()), "check", f"{name}.toml", "--no-cache"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    types = "{'order': 'VARCHAR', 'who': 'VARCHAR', 'when': 'TIMESTAMPTZ', 'sum': 'DOUBLE', 'via': 'VARCHAR'}"
    source = f"read_csv('{big}', header = true, columns = {types})"

    def theirs(statement):
        with duckdb.connect() as connection:
            connection.execute("SET threads = 2")
            connection.execute(statement)

    typed = folder / "typed.parquet"
    measured = {name: [] for name in ("ours", "ours without the orders", "duckdb, table", "duckdb, parquet")}
    for _ in range(asked.repeats):
        measured["ours"].append(timed(lambda: ours("orders")))
        measured["ours without the orders"].append(timed(lambda: ours("few")))
        measured["duckdb, table"].append(timed(lambda: theirs(f"CREATE TABLE t AS SELECT * FROM {source}")))
        measured["duckdb, parquet"].append(timed(lambda: theirs(f"COPY (SELECT * FROM {source}) TO '{typed}' (FORMAT parquet)")))
    typed.unlink(missing_ok=True)
    n_bytes = big.stat().st_size
    print(f"duckdb {duckdb.__version__}")
    clock = {name: statistics.median(own[0] for own in all_of) for name, all_of in measured.items()}
    for name, seconds in clock.items():
        print(f"{name}: {seconds:.2f} s")
    alone = clock["ours"] - clock["ours without the orders"]
    print(f"ours, the orders alone: {alone:.2f} s, {n_bytes / 1e6 / alone:.0f} MB/s")
    for name in ("duckdb, table", "duckdb, parquet"):
        print(f"of {name}: {alone / clock[name]:.2f}")


if __name__ == "__main__":
    sys.exit(main())
