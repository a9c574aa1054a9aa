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
