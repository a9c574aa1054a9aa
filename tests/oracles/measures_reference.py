"""Expected values of the measures (src/measures), by numpy and scipy.

    python3 tests/oracles/measures_reference.py > tests/oracles/measures_reference.txt

A line is: case, what, values. Rows are made by the formulas that the tests repeat.
"""
from math import factorial

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
paired = stats.ttest_rel(after, before)
interval = paired.confidence_interval(0.95)
emit("paired", "change", 100 * moved.mean(), 100 * moved.mean() / paired.statistic, paired.pvalue,
     np.corrcoef(before, after)[0, 1], 100 * interval.low, 100 * interval.high)


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


def overlapping_trend(scores):
    """The same line where neighbours' errors correlate by half, those after next by a quarter: errors from the covariance of the waves."""
    n = len(scores)
    design = np.column_stack([np.ones(n), 1.5 * np.arange(n)])
    errors = 2 + np.arange(n) / 2
    correlations = 0.5 ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    covariance = np.outer(errors, errors) * correlations
    weights = np.diag(errors ** -2.0)
    line = np.linalg.inv(design.T @ weights @ design) @ design.T @ weights
    beta = line @ scores
    # The residuals in units of the waves' errors are a linear map of the scores; eigenvalues of their covariance make the scatter.
    left = np.diag(1 / errors) @ (np.eye(n) - design @ line)
    scatter = ((left @ scores) ** 2).sum()
    eigenvalues = np.linalg.eigvalsh(left @ covariance @ left.T)
    mean, freedom = eigenvalues.sum(), eigenvalues.sum() ** 2 / (eigenvalues ** 2).sum()
    dispersion = scatter / mean
    error = np.sqrt((line @ covariance @ line.T)[1, 1] * max(dispersion, 1.0))
    law = stats.t(freedom) if dispersion > 1 else stats.norm
    half = law.ppf(0.975) * error
    return (beta[1], error, 2 * law.sf(abs(beta[1] / error)), beta[1] - half, beta[1] + half, dispersion,
            stats.chi2(freedom).sf(dispersion * freedom))


emit("trend", "quiet", *trend(np.array([20, 21, 21.5, 23, 23.5, 25]), True))
emit("trend", "scattered", *trend(np.array([20.0, 35, 10, 30, 22, 41]), False))
emit("trend", "quiet_overlapping", *overlapping_trend(np.array([20, 21, 21.5, 23, 23.5, 25])))
emit("trend", "scattered_overlapping", *overlapping_trend(np.array([20.0, 35, 10, 30, 22, 41])))

table = stats.chi2_contingency([[30, 20, 60], [70, 30, 40]], correction=False)
emit("response", "chi_squared", table.statistic, table.pvalue)


def robust(design, outcome, clusters, n_nested=0):
    """Least squares with errors by cluster, G/(G-1) (n-1)/(n-k); levels nested in the clusters do not count in k."""
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ design.T @ outcome
    residual = outcome - design @ beta
    labels = np.unique(clusters)
    sums = np.array([(design[clusters == own] * residual[clusters == own, None]).sum(0) for own in labels])
    g, n, k = len(labels), len(outcome), np.linalg.matrix_rank(design) - n_nested
    return beta, g / (g - 1) * (n - 1) / (n - k) * inverse @ sums.T @ sums @ inverse, g


def wave(unit, period):
    # Remainders as in Rust: with the sign of the dividend.
    return float(np.fmod(unit * 37 + period * 101 + unit * period * 13, 41))


panel = {}
for unit in range(12):
    for period in range(8):
        if (unit * 5 + period * 3) % 11 != 0:
            noise = ((unit * 29 + period * 53 + unit * unit * period) % 23) / 5
            panel[unit, period] = (wave(unit, period), 0.1 * wave(unit, period - 1) + unit + period * period / 3 + noise)
rows = [(unit, period) for unit, period in panel if (unit, period - 1) in panel]
lagged = np.array([panel[unit, period - 1][0] for unit, period in rows])
outcome = np.array([panel[own][1] for own in rows])
units, periods = np.array(rows).T
dummies = [(units[:, None] == np.unique(units)).astype(float), (periods[:, None] == np.unique(periods)).astype(float)]
for what, effects in (("both", dummies), ("units", dummies[:1])):
    # One constant counts beside the levels of units, which lie within the clusters.
    beta, covariance, g = robust(np.column_stack([lagged, *effects]), outcome, units, len(np.unique(units)) - 1)
    error = np.sqrt(covariance[0, 0])
    emit("panel", what, beta[0], error, 2 * stats.t(g - 1).sf(abs(beta[0] / error)), len(rows))

i = np.arange(180)
values = contribution((i * i + 7 * i + 3 * (i % 4)) % 11)
channel = (i + i // 7) % 3
people = np.column_stack([i * 5 % 13, ((i // 7 + i) % 3 == 1) & (i % 2 == 0)]).astype(float)
design = np.column_stack([(channel[:, None] == np.arange(3)).astype(float), people - people.mean(0)])
beta, covariance, g = robust(design, values, i * 11 % 47)
emit("channels", "adjusted", *[100 * own for at in range(3) for own in (beta[at], np.sqrt(covariance[at, at]))])
contrast = np.array([[-1.0, 1, 0, 0, 0], [-1, 0, 1, 0, 0]])
gap = contrast @ beta
f = gap @ np.linalg.solve(contrast @ covariance @ contrast.T, gap) / 2
emit("channels", "test", f, stats.f(2, g - 1).sf(f))
handed = ((i * 3 + i // 5) % 4 == 0).astype(float)
beta, covariance, g = robust(np.column_stack([design, handed]), values, i * 11 % 47)
emit("channels", "hand_off", -100 * beta[-1], 100 * np.sqrt(covariance[-1, -1]))

# Kappa's error by Fleiss, Cohen and Everitt (1969).
p = np.array([[40, 15], [10, 35]]) / 100
row, column = p.sum(1), p.sum(0)
agreed, expected = np.trace(p), row @ column
kappa = (agreed - expected) / (1 - expected)
a = sum(p[k, k] * (1 - (row[k] + column[k]) * (1 - kappa)) ** 2 for k in range(2))
b = (1 - kappa) ** 2 * sum(p[k, m] * (column[k] + row[m]) ** 2 for k in range(2) for m in range(2) if k != m)
c = (kappa - expected * (1 - kappa)) ** 2
emit("kappa", "std_error", np.sqrt((a + b - c) / 100) / (1 - expected))

i = np.arange(90)
values = 100 * contribution((i * i + 5 * i) % 11)
minutes = (i * 7 % 19 + i * i % 3).astype(float)
resolved = (i * i % 3 == 1).astype(float)
for what, columns in (("alone", [minutes]), ("given", [minutes, resolved])):
    beta, covariance, _ = robust(np.column_stack([np.ones(90), *columns]), values, i * 3 % 31)
    emit("length", what, beta[1], np.sqrt(covariance[1, 1]))

# A score raked anew in every draw of n with replacement: all draws there are, with their chances (multinomial), and of those in which
# every category was drawn the mean and the standard deviation. Draws that cannot be raked to the end are none.
def raked_score(weights, values, margins):
    weights = weights / weights.sum()
    for _ in range(1000):
        for codes, shares in margins:
            sums = np.bincount(codes, weights, len(shares))
            weights = weights * (np.array(shares) / sums)[codes]
        if all(abs(np.bincount(codes, weights, len(shares)) - shares).max() <= 1e-10 for codes, shares in margins):
            return weights @ values
    return None


def all_draws(n, left):
    if n == 1:
        yield (left,)
        return
    for first in range(left + 1):
        for others in all_draws(n - 1, left - first):
            yield (first, *others)


values = np.array([1, 1, -1, 0, 1, -1, -1, 1.0])
base = np.array([1, 2, 1, 1.5, 1, 1, 2, 1.0])
one = (np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0.3, 0.7]))
two = (np.array([0, 1, 0, 1, 0, 1, 0, 1]), np.array([0.6, 0.4]))
for what, margins in (("strata", [one]), ("two", [one, two])):
    chances, scores, failed = [], [], 0.0
    for counts in all_draws(8, 8):
        counts = np.array(counts)
        chance = factorial(8) / np.prod([float(factorial(k)) for k in counts]) / 8.0 ** 8
        weights = base * counts
        drawn = all(np.bincount(codes, weights, 2).min() > 0 for codes, _ in margins)
        with np.errstate(all="ignore"):
            score = raked_score(weights, values, margins) if drawn else None
        if score is None:
            failed += chance
        else:
            chances.append(chance)
            scores.append(score)
    chances, scores = np.array(chances) / sum(chances), np.array(scores)
    mean = chances @ scores
    emit("remade", what, 100 * raked_score(base, values, margins), 100 * np.sqrt(chances @ (scores - mean) ** 2), failed)

# The same of customers: 60 answers of 23, by a loop of draws.
i = np.arange(60)
values = contribution((i * i * 3 + 5 * i) % 11)
margins = [((i % 3 == 0).astype(int), np.array([0.52, 0.48])), ((i * 5 + i // 4) % 3, np.array([0.3, 0.45, 0.25]))]
who = i * 7 % 23
random = np.random.default_rng(1)
scores = []
for _ in range(20000):
    counts = np.bincount(random.integers(0, 23, 23), minlength=23)[who].astype(float)
    if all(np.bincount(codes, counts, len(shares)).min() > 0 for codes, shares in margins):
        scores.append(raked_score(counts, values, margins))
scores = np.array([score for score in scores if score is not None])
emit("remade", "customers", 100 * raked_score(np.ones(60), values, margins), 100 * scores.std(ddof=1),
     *(100 * np.quantile(scores, [0.025, 0.975])))
