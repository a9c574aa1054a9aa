"""The point-in-time join beside DuckDB and polars, in one run.

Usage: python3 link.py FOLDER [ADVOCATE_LINK_BENCH] [--responses N] [--transactions N] [--customers N] [--only-write]
Writes typed Parquet tables into FOLDER if they are not there (1 million responses, 10 million transactions, 1 million
customers unless told otherwise), then times the same question asked of DuckDB, polars and, if its path is given, of our bench
program. Transactions are written ten million at a time.
Needs: pip install duckdb polars pyarrow numpy
"""
import argparse, os, subprocess, sys, time
import duckdb, numpy as np, polars as pl, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("bench", nargs="?")
parser.add_argument("--responses", type=int, default=1_000_000)
parser.add_argument("--transactions", type=int, default=10_000_000)
parser.add_argument("--customers", type=int, default=1_000_000)
parser.add_argument("--only-write", action="store_true")
ARGUMENTS = parser.parse_args()
FOLDER = ARGUMENTS.folder
DAY = 86_400_000_000
AS_OF = 1_790_812_800_000_000
N_CUSTOMERS, N_RESPONSES = ARGUMENTS.customers, ARGUMENTS.responses
PART = 10_000_000


def write():
    random = np.random.default_rng(1)
    keys = np.array([f"C{i:07d}" for i in range(N_CUSTOMERS)])
    start = AS_OF - 730 * DAY

    def times(n):
        return random.integers(start, AS_OF, n)

    os.makedirs(f"{FOLDER}/feedback", exist_ok=True)
    os.makedirs(f"{FOLDER}/transactions", exist_ok=True)
    pq.write_table(
        pa.table({
            "row": np.arange(N_RESPONSES),
            "customer": keys[random.integers(0, N_CUSTOMERS, N_RESPONSES)],
            "t": times(N_RESPONSES),
            "recommend": random.integers(0, 11, N_RESPONSES).astype(float),
            "delivery": random.integers(0, 11, N_RESPONSES).astype(float),
            "support": random.integers(0, 11, N_RESPONSES).astype(float),
        }),
        f"{FOLDER}/feedback/part-00000.parquet",
    )
    for part, first in enumerate(range(0, ARGUMENTS.transactions, PART)):
        n = min(PART, ARGUMENTS.transactions - first)
        pq.write_table(
            pa.table({
                "customer": keys[random.integers(0, N_CUSTOMERS, n)],
                "t": times(n),
                "amount": np.round(random.gamma(2.0, 20.0, n), 2),
            }),
            f"{FOLDER}/transactions/part-{part:05}.parquet",
        )


WINDOWS = [(f"{d}d", f"x.t < a.t AND x.t >= a.t - {d * DAY}") for d in (30, 90, 365)]
AFTER = f"x.t > a.t AND x.t <= a.t + {90 * DAY}"
COLUMNS = ["COUNT(*) FILTER (WHERE x.t < a.t) AS frequency", "MIN(x.t) FILTER (WHERE x.t < a.t) AS first_t",
           "MAX(x.t) FILTER (WHERE x.t < a.t) AS last_t"]
for name, within in WINDOWS:
    COLUMNS += [f"COUNT(*) FILTER (WHERE {within}) AS frequency_{name}", f"SUM(x.money) FILTER (WHERE {within}) AS spend_{name}"]
COLUMNS += [f"COUNT(*) FILTER (WHERE {AFTER}) AS next_purchases_90d", f"SUM(x.money) FILTER (WHERE {AFTER}) AS next_spend_90d"]
SQL = f"""
WITH bought AS (
  SELECT a."row", {", ".join(COLUMNS)}
  FROM feedback a JOIN (
    SELECT customer, t, CAST(ROUND(amount * 10000) AS BIGINT) AS money FROM transactions WHERE t < {AS_OF}
  ) x ON x.customer = a.customer GROUP BY a."row"),
answered AS (
  SELECT a."row", COUNT(*) AS earlier_answers FROM feedback a JOIN feedback x ON x.customer = a.customer
  WHERE x.t < a.t GROUP BY a."row")
SELECT a.*, bought.*, answered.earlier_answers FROM feedback a
LEFT JOIN bought ON bought."row" = a."row" LEFT JOIN answered ON answered."row" = a."row" ORDER BY a."row"
"""


def duck():
    connection = duckdb.connect()
    connection.execute("SET threads TO 2")
    for name in ("feedback", "transactions"):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{FOLDER}/{name}/*.parquet')")
    table = connection.execute(SQL).to_arrow_table()
    return table.num_rows, float(pc.sum(table.column("next_spend_90d")).as_py()) / 1e4


def polars():
    feedback = pl.scan_parquet(f"{FOLDER}/feedback/*.parquet")
    events = pl.scan_parquet(f"{FOLDER}/transactions/*.parquet").rename({"t": "x_t"})
    x, a = pl.col("x_t"), pl.col("t")
    before = [(d, (x < a) & (x >= a - d * DAY)) for d in (30, 90, 365)]
    after = (x > a) & (x <= a + 90 * DAY)
    bought = feedback.select("row", "customer", "t").join(events, on="customer").group_by("row").agg(
        (x < a).sum().alias("frequency"), x.filter(x < a).min().alias("first_t"), x.filter(x < a).max().alias("last_t"),
        *[within.sum().alias(f"frequency_{d}d") for d, within in before],
        *[pl.col("amount").filter(within).sum().alias(f"spend_{d}d") for d, within in before],
        after.sum().alias("next_purchases_90d"), pl.col("amount").filter(after).sum().alias("next_spend_90d"))
    others = feedback.select("customer", pl.col("t").alias("x_t"))
    answered = feedback.select("row", "customer", "t").join(others, on="customer").filter(x < a).group_by("row").len("earlier_answers")
    table = feedback.join(bought, on="row", how="left").join(answered, on="row", how="left").sort("row").collect()
    return table.height, table["next_spend_90d"].sum()


def times(name, run):
    seconds = []
    for _ in range(5):
        start = time.time()
        answer = run()
        seconds.append(time.time() - start)
    print(f"{name}: median {sorted(seconds)[2]:.3f} s of {[round(s, 3) for s in seconds]}, rows and sum {answer}", flush=True)


if not os.path.exists(f"{FOLDER}/transactions"):
    write()
if ARGUMENTS.only_write:
    sys.exit()
if ARGUMENTS.bench:
    print(subprocess.run([ARGUMENTS.bench, FOLDER], capture_output=True, text=True, check=True).stdout, end="")
print(f"duckdb {duckdb.__version__}, polars {pl.__version__}, {os.cpu_count()} cores")
times("duckdb", duck)
times("polars", polars)
