"""The statement of the widest join, run by DuckDB to the same answer as by the embedded engine; with rows as purchases and as lines of orders.

Usage: python3 link_statement.py FOLDER ADVOCATE_LINK_BENCH
Writes small random typed tables into FOLDER (events crowd around the answers), has our bench program write its statements
and its own answers, runs the same text in DuckDB and compares every cell: texts and gaps exactly, numbers within 1e-12 of
their size. Exits with 1 at the first column that differs.
Needs: pip install duckdb pyarrow numpy
"""
import os, subprocess, sys
import duckdb, numpy as np, pyarrow as pa, pyarrow.parquet as pq

FOLDER, BENCH = sys.argv[1], sys.argv[2]
DAY, MINUTE = 86_400_000_000, 60_000_000
AS_OF = 1_790_812_800_000_000
N_CUSTOMERS = 300
random = np.random.default_rng(7)


def customers(n, below=N_CUSTOMERS):
    return [f"C{i:05d}" for i in random.integers(0, below, n)]


def times(n, first=-500, last=0):
    beside = np.array([0, 0, 1, -1, MINUTE, -MINUTE, 7 * MINUTE])
    return np.minimum(AS_OF + random.integers(first, last, n) * DAY + random.choice(beside, n), AS_OF + last * DAY - 1)


def gaps(values, share, kind):
    return pa.array([None if gone else value for value, gone in zip(values, random.random(len(values)) < share)], kind)


def write(name, **columns):
    os.makedirs(f"{FOLDER}/{name}", exist_ok=True)
    pq.write_table(pa.table(columns), f"{FOLDER}/{name}/part-00000.parquet")


def some(n, *values):
    return [str(value) for value in random.choice(values, n)]


n = 900
write("feedback", row=np.arange(n), customer=customers(n), t=times(n, -200), recommend=gaps(random.integers(0, 11, n).astype(float), 0.1, pa.float64()),
      delivery=random.integers(0, 11, n).astype(float), support=gaps(random.integers(0, 11, n).astype(float), 0.3, pa.float64()))
n = 6000
# Every third row is a line of the order before it, most of them at its time.
t, who, order = times(n), customers(n, N_CUSTOMERS - 20), [f"O{i}" for i in range(n)]
for i in range(2, n, 3):
    who[i], order[i] = who[i - 1], order[i - 1]
    t[i] = t[i - 1] if i % 4 else t[i]
write("transactions", customer=who, t=t, order_id=gaps(order, 0.1, pa.string()), amount=np.round(random.gamma(2, 20, n) - 5, 3),
      product=gaps(some(n, *range(30)), 0.1, pa.string()), family=gaps(some(n, "garden", "home", "roof", "attic"), 0.1, pa.string()),
      channel=gaps(some(n, "app", "shop"), 0.1, pa.string()), returned_t=gaps(t + random.integers(0, 60, n) * DAY, 0.8, pa.int64()))
n = 1500
write("referrals", referrer=customers(n), referred=customers(n), t=times(n), probability=random.random(n))
n = 700
start = times(n, -500, -10)
write("customers", customer=customers(n, N_CUSTOMERS - 10), joined_t=gaps(times(n), 0.2, pa.int64()), churned_t=gaps(times(n, -200), 0.7, pa.int64()),
      valid_from=gaps(start, 0.2, pa.int64()), valid_to=gaps(start + random.integers(1, 300, n) * DAY, 0.4, pa.int64()),
      tier=some(n, "gold", "tin"), size=random.integers(0, 9, n).astype(float))
n = 6000
write("activity", customer=customers(n), t=times(n, -300), kind=some(n, "log-in", "call", "chat"), channel=gaps(some(n, "app", "phone", "mail"), 0.1, pa.string()),
      topic=gaps(some(n, "bill", "fault"), 0.3, pa.string()), rating=gaps(random.integers(1, 6, n).astype(float), 0.4, pa.float64()))
n = 1000
write("invitations", customer=customers(n), t=times(n, -200), channel=some(n, "mail", "text"))
n = 1200
t = times(n, -300, 200)
write("junctures", customer=customers(n), t=t, kind=some(n, "renewal", "move"), known_t=gaps(t - random.integers(0, 60, n) * DAY, 0.3, pa.int64()))
n = 3000
write("exposures", customer=customers(n), t=times(n, -200), campaign=some(n, "spring", "autumn"))


def compare(what, name):
    connection = duckdb.connect()
    *before, statement = open(f"{FOLDER}/{name}.sql").read().rstrip().removesuffix(";").split(";\n")
    for line in before:
        connection.execute(line)
    table = connection.sql(statement).to_arrow_table()
    lines = open(f"{FOLDER}/{name}.tsv").read().split("\n")[:-1]
    header, rows = lines[0].split("\t"), [line.split("\t") for line in lines[1:]]
    assert header == table.column_names, f"{name}: other columns: {set(header) ^ set(table.column_names)}"
    assert len(rows) == table.num_rows, f"{name}: {len(rows)} rows and by DuckDB {table.num_rows}"
    for place, column in enumerate(header):
        for row, value in enumerate(table.column(column).to_pylist()):
            cell = rows[row][place]
            if isinstance(value, str) or value is None:
                same = cell == (value or "")
            else:
                value = float(value)  # DuckDB takes 1.0 for a decimal
                same = cell != "" and abs(float(cell) - value) <= 1e-12 * max(1.0, abs(value))
            if not same:
                sys.exit(f"{what}, {name}, {column}, row {row}: {cell!r} and by DuckDB {duckdb.__version__} {value!r}")
    filled = sum(table.column(column).null_count < table.num_rows for column in header)
    print(f"{what}, {name}: {table.num_rows} rows, {len(header)} columns ({filled} with values) agree with DuckDB {duckdb.__version__}")


for what in ("statement", "orders"):
    subprocess.run([BENCH, FOLDER, what], check=True)
    for name in ("answers", "customers"):
        compare(what, name)
