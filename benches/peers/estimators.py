"""Times statsmodels and scikit-learn on the data of benches/estimators.rs: medians of five runs, in seconds.

    python3 benches/peers/estimators.py
"""
import statistics
import time

import numpy as np
import statsmodels.api as sm
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
