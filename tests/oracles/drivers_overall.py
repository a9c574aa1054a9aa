"""Expected values of src/drivers/overall.rs: score tests from the residuals of statsmodels, by signs of customers.

    python3 tests/oracles/drivers_overall.py

A line is: model, units, p-value of `price` and `calls` given `speed`.
"""
import itertools

import numpy as np
import statsmodels.api as sm
from scipy.stats import beta
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools.numdiff import approx_fprime, approx_hess

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
counts = np.floor(4 * (y - y.min()))
x = sm.add_constant(x)


def by_signs(scores):
    """The share of all patterns of signs of the units' scores under which their sum is as far out, and the beta law of its variance."""
    m = np.linalg.inv(scores.T @ scores)
    far = lambda sums: np.einsum("bi,ij,bj->b", sums, m, sums)
    own = far(scores.sum(0)[None])[0]
    q = scores.shape[1]
    alone = np.einsum("gi,ij,gj->g", scores, m, scores)
    # Of signs: mean q, and the variance of a sum of signed products.
    variance = 2 * (q - np.sum(alone**2))
    units = 2 * (q + 2) / (2 - variance / q) - 2
    law = beta.sf(own / units, q / 2, (units - q) / 2)
    if len(scores) > 17:
        return law
    patterns = np.array(list(itertools.product([1, -1], repeat=len(scores) - 1)))
    sums = scores[0] + patterns @ scores[1:]
    return np.mean(far(sums) >= own * (1 - 1e-12))


def efficient(residuals, variances, weights, groups):
    """Scores of `price` and `calls` given the constant and `speed`, summed by group."""
    own, tested = x[:, :2], x[:, 2:]
    w = (weights * variances)[:, None]
    left = tested - own @ np.linalg.solve(own.T @ (w * own), own.T @ (w * tested))
    scores = (weights * residuals)[:, None] * left
    return np.array([scores[groups == group].sum(0) for group in sorted(set(groups[weights > 0]))])


one = np.ones(n)
fit = sm.OLS(y, x[:, :2]).fit()
print("linear cluster", repr(float(by_signs(efficient(fit.resid, one, one, groups)))))
fit = sm.WLS(y, x[:, :2], weights=weights).fit()
print("linear sampling", repr(float(by_signs(efficient(y - x[:, :2] @ fit.params, one, weights, rows)))))
fit = sm.Logit(c, x[:, :2]).fit(disp=0, tol=1e-12)
p = fit.predict(x[:, :2])
print("logistic cluster", repr(float(by_signs(efficient(c - p, p * (1 - p), one, groups)))))
fit = sm.Poisson(counts, x[:, :2]).fit(disp=0, tol=1e-12)
p = fit.predict(x[:, :2])
print("count cluster", repr(float(by_signs(efficient(counts - p, p, one, groups)))))
levels = np.digitize(y, np.quantile(y, [0.3, 0.7]))
null = OrderedModel(levels, x[:, 1:2], distr="logit").fit(disp=0, method="bfgs", gtol=1e-11, maxiter=2000)
whole = OrderedModel(levels, x[:, 1:], distr="logit")
at = np.concatenate([null.params[:1], [0, 0], null.params[1:]])
rows_scores, information = approx_fprime(at, whole.loglikeobs, centered=True), -approx_hess(at, whole.loglike)
own, tested = [0, 3, 4], [1, 2]
along = np.linalg.solve(information[np.ix_(own, own)], information[np.ix_(own, tested)])
left = rows_scores[:, tested] - rows_scores[:, own] @ along
print("ordinal cluster", repr(float(by_signs(np.array([left[groups == group].sum(0) for group in sorted(set(groups))])))))
fit = sm.OLS(y, x).fit()
print("linear model", repr(float(fit.f_test(np.eye(4)[2:]).pvalue)))
