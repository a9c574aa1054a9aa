"""Times statsmodels, scikit-learn and lifetimes on the data of benches/estimators.rs: medians of five runs, in seconds.

    python3 benches/peers/estimators.py
"""
import statistics
import time

import numpy as np
import statsmodels.api as sm
from lifetimes import BetaGeoFitter
from sklearn.linear_model import LassoCV, LogisticRegression

M = 2147483647
ROWS = np.arange(1_000_000, dtype=np.uint64)


def wave(column):
    state = (ROWS * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def median(run):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


x = np.column_stack([3 + wave(c) + 0.5 * wave(50) for c in range(20)])
score = (x[:, :10] - 3).sum(1) + 6 * wave(60)
y = (score > 0).astype(float)
with_intercept = sm.add_constant(x)
print("statsmodels OLS, HC1", median(lambda: sm.OLS(score, with_intercept).fit(cov_type="HC1").bse))
print("statsmodels Logit", median(lambda: sm.Logit(y, with_intercept).fit(disp=0).bse))
counts = np.floor(5 * (wave(60) + 0.5) ** 2 * np.exp(0.2 * (x[:, :10] - 3).sum(1)))
print("statsmodels Poisson", median(lambda: sm.Poisson(counts, with_intercept).fit(disp=0).bse))
print("scikit-learn LassoCV, 10 folds", median(lambda: LassoCV(cv=10).fit(x, score)))
print("scikit-learn logistic", median(lambda: LogisticRegression(C=np.inf).fit(x, y)))

# Customers: see `customers` in the bench. lifetimes takes long, so it runs once.
share = lambda column: 0.5 - wave(np.uint64(column))
rate, chance, age = -0.1 * np.log(share(0)), 1 - share(1) ** 0.25, 60 - 40 * share(2)
frequency, recency, buys, k = np.zeros(len(ROWS)), np.zeros(len(ROWS)), np.ones(len(ROWS), bool), 0
while buys.any():
    then = recency - np.log(share(3 + 2 * k)) / rate
    buys &= then <= age
    frequency[buys], recency[buys] = frequency[buys] + 1, then[buys]
    k += 1
    buys &= share(2 + 2 * k) >= chance
fitter = BetaGeoFitter()
start = time.perf_counter()
fitter.fit(frequency, recency, age)
print("lifetimes BG/NBD", time.perf_counter() - start, dict(fitter.params_))
start = time.perf_counter()
fitter.conditional_expected_number_of_purchases_up_to_time(39, frequency, recency, age)
print("lifetimes BG/NBD, expected purchases", time.perf_counter() - start)
