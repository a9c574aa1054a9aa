"""Expected values of the measures (src/measures), by numpy and scipy.

    python3 tests/oracles/measures_reference.py > tests/oracles/measures_reference.txt

A line is: case, what, values. Rows are made by the formulas that the tests repeat.
"""
import numpy as np
from scipy import integrate, optimize, stats


def emit(case, what, *values):
    print(case, what, *[repr(float(value)) for value in values])


def posterior_ends(d, s, p):
    """Percentiles of p - d under Dirichlet(d + 1, s + 1, p + 1): u = p + d is Beta, p / u is Beta, independent."""
    d, s, p = d + 1, s + 1, p + 1
    share = stats.beta(p + d, s)
    part = stats.beta(p, d)

    def below(score):
        points = [abs(score), share.mean()] if abs(score) < share.mean() else [abs(score)]
        return integrate.quad(lambda u: share.pdf(u) * part.cdf((1 + score / u) / 2), 1e-12, 1, points=points,
                              limit=400, epsabs=1e-12)[0]

    return [optimize.brentq(lambda score: below(score) - tail, -1 + 1e-9, 1 - 1e-9, xtol=1e-12)
            for tail in (0.025, 0.975)]


emit("dirichlet", "small", *posterior_ends(0, 5, 5))
emit("dirichlet", "sixty", *posterior_ends(10, 20, 30))
emit("dirichlet", "many", *posterior_ends(200, 300, 500))


def wilson(k, n):
    z = stats.norm.ppf(0.975)
    roots = np.roots([1 + z * z / n, -(2 * k / n + z * z / n), (k / n) ** 2])
    return sorted(roots.real)


def exact(k, n):
    return [stats.beta.ppf(0.025, k, n - k + 1) if k else 0.0, stats.beta.ppf(0.975, k + 1, n - k)]


emit("proportion", "wilson", *wilson(7, 40))
emit("proportion", "exact", *exact(7, 40))
emit("proportion", "wilson_none", *wilson(0, 12))
emit("proportion", "exact_none", *exact(0, 12))

i = np.arange(120)
one = (i * i % 11).astype(float)
fisher = stats.pearsonr(one, one + i * 7 % 13)
emit("correlation", "fisher", fisher.statistic, *fisher.confidence_interval(0.95))

i = np.arange(60)


def contribution(answers):
    return np.where(answers >= 9, 1.0, np.where(answers <= 6, -1.0, 0.0))


before, after = contribution(i * i % 11), contribution((i * i + i % 3) % 11)
moved = after - before
error = moved.std() / np.sqrt(60)
emit("paired", "change", 100 * moved.mean(), 100 * error, 2 * stats.norm.sf(abs(moved.mean() / error)),
     np.corrcoef(before, after)[0, 1])


def trend(scores, is_scale_known):
    """Weighted least squares by its normal equations; the scale is one or that of the residuals."""
    n = len(scores)
    design = np.column_stack([np.ones(n), 1.5 * np.arange(n)])
    weights = np.diag((2 + np.arange(n) / 2) ** -2.0)
    inverse = np.linalg.inv(design.T @ weights @ design)
    beta = inverse @ design.T @ weights @ scores
    residual = scores - design @ beta
    scale = 1.0 if is_scale_known else residual @ weights @ residual / (n - 2)
    error = np.sqrt(scale * inverse[1, 1])
    law = stats.norm if is_scale_known else stats.t(n - 2)
    half = law.ppf(0.975) * error
    return beta[1], error, 2 * law.sf(abs(beta[1] / error)), beta[1] - half, beta[1] + half


emit("trend", "quiet", *trend(np.array([20, 21, 21.5, 23, 23.5, 25]), True))
emit("trend", "scattered", *trend(np.array([20.0, 35, 10, 30, 22, 41]), False))

table = stats.chi2_contingency([[30, 20, 60], [70, 30, 40]], correction=False)
emit("response", "chi_squared", table.statistic, table.pvalue)
