"""Expected values of src/drivers/overall.rs: Wald tests of statsmodels.

    python3 tests/oracles/drivers_overall.py

A line is: model, standard errors, p-value of `price` and `calls` given `speed`.
"""
import numpy as np
import statsmodels.api as sm
from scipy.stats import f

M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


n = 120
w = np.array([[wave(r, c) for c in range(3)] for r in range(n)])
x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
rows = np.arange(n)
weights, groups = (rows % 4).astype(float), (rows * rows + rows // 3) % 17
y = np.array([wave(g, 7) for g in groups]) + 0.5 * np.array([wave(r, 6) for r in range(n)]) + 0.004 * x[:, 1]
c = (y > np.median(y)).astype(float)
x = sm.add_constant(x)


def wald(fit, freedom):
    b, v = fit.params[2:], fit.cov_params()[2:, 2:]
    return f.sf(b @ np.linalg.solve(v, b) / 2, 2, freedom)


def by_cluster(fit, n_groups):
    """Hotelling's law: the statistic that statsmodels refers to F(2, G - 1), times (G - 2) / (G - 1), to F(2, G - 2)."""
    b, v = fit.params[2:], fit.cov_params()[2:, 2:]
    return f.sf(b @ np.linalg.solve(v, b) / 2 * (n_groups - 2) / (n_groups - 1), 2, n_groups - 2)


n_groups = len(set(groups))
fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
assert abs(wald(fit, n_groups - 1) - fit.f_test(np.eye(4)[2:]).pvalue) < 1e-12
print("linear cluster", repr(float(by_cluster(fit, n_groups))))
keep = weights > 0
fit = sm.WLS(y[keep], x[keep], weights=weights[keep]).fit(cov_type="HC1", use_t=True)
print("linear sampling", repr(float(wald(fit, keep.sum() - 4))))
fit = sm.Logit(c, x).fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
print("logistic cluster", repr(float(by_cluster(fit, n_groups))))
fit = sm.OLS(y, x).fit()
print("linear model", repr(float(fit.f_test(np.eye(4)[2:]).pvalue)))
