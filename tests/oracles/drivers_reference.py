"""Expected values of src/drivers: gaps by numpy and pandas, ordered levels and counts by statsmodels.

    python3 tests/oracles/drivers_reference.py > tests/oracles/drivers_reference.txt

Every subset is a model of its own, and Shapley values are means over all orders of the drivers. A line is: case, what,
values.
"""
import itertools
import math
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import minimize
from statsmodels.miscmodels.ordinal_model import OrderedModel

from missing_reference import N, em, emit, formula_gaps, wave

warnings.simplefilter("ignore")
ROWS = 300


def shapley(value, drivers):
    """Means over all orders of what each driver adds."""
    share = dict.fromkeys(drivers, 0.0)
    orders = list(itertools.permutations(drivers))
    for order in orders:
        for place, driver in enumerate(order):
            share[driver] += value(order[: place + 1]) - value(order[:place])
    return [share[driver] / len(orders) for driver in drivers]


def cached(value):
    known = {}

    def of(drivers):
        key = tuple(sorted(drivers))
        if key not in known:
            known[key] = value(key)
        return known[key]

    return of


def from_covariance(case, cov):
    drivers = (0, 1, 2)

    def r_squared(columns):
        columns = list(columns)
        if not columns:
            return 0.0
        return cov[columns, 3] @ np.linalg.solve(cov[np.ix_(columns, columns)], cov[columns, 3]) / cov[3, 3]

    emit(case, "r_squared", r_squared(drivers))
    emit(case, "shapley", shapley(r_squared, drivers))
    # Johnson (2000): squared loadings on the orthogonal likeness times its squared slopes.
    sd = np.sqrt(np.diag(cov))
    r = cov / np.outer(sd, sd)
    values, vectors = np.linalg.eigh(r[:3, :3])
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    emit(case, "relative_weights", root**2 @ np.linalg.solve(root, r[:3, 3]) ** 2)
    # Column 0 always in: the others divide what it leaves.
    emit(case, "given_x0", shapley(lambda columns: r_squared((0,) + tuple(columns)) - r_squared((0,)), (1, 2)))


def formula_data():
    w = np.array([[wave(r, c) for c in range(8)] for r in range(ROWS)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    latent = 0.9 * (x[:, 0] - 5) - 0.04 * (x[:, 1] - 100) + 0.3 * x[:, 2] + 6 * w[:, 4]
    levels = np.clip(np.floor(latent + 5), 0, 10)
    rate = np.exp(0.5 * (x[:, 0] - 5) - 0.02 * (x[:, 1] - 100) + 0.2 * x[:, 2])
    exposure = 1.5 + 2 * w[:, 6]
    counts = np.floor(3 * exposure * rate * (w[:, 5] + 0.5) ** 2)
    return x, levels, counts, exposure


def ordinal_log_likelihood(levels, x):
    codes = np.unique(levels, return_inverse=True)[1]
    if x.shape[1] == 0:
        shares = np.bincount(codes) / len(codes)
        return float(np.log(shares[codes]).sum())
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    model = OrderedModel(codes, z, distr="logit")
    start = model.fit(method="bfgs", maxiter=1000, disp=0, gtol=1e-8).params
    best = minimize(lambda p: -model.loglike(p), start, jac=lambda p: -model.score(p), method="BFGS", options={"gtol": 1e-9})
    return -float(best.fun)


def poisson_log_likelihood(counts, x, exposure):
    return sm.Poisson(counts, sm.add_constant(x, has_constant="add"), exposure=exposure).fit(
        disp=0, method="newton", maxiter=100, tol=1e-14
    ).llf


def from_likelihood(case, log_likelihood, n):
    of = cached(log_likelihood)
    null = of(())
    mcfadden = lambda columns: 1 - of(columns) / null
    cox_snell = lambda columns: 1 - math.exp(2 / n * (null - of(columns)))
    nagelkerke = lambda columns: cox_snell(columns) / (1 - math.exp(2 / n * null))
    estrella = lambda columns: 1 - (of(columns) / null) ** (-2 / n * null)
    drivers = (0, 1, 2)
    for what, measure in [("mcfadden", mcfadden), ("cox_snell", cox_snell), ("nagelkerke", nagelkerke), ("estrella", estrella)]:
        emit(case, what, shapley(measure, drivers))
    emit(case, "mcfadden_fit", mcfadden(drivers))
    emit(case, "mcfadden_given_x0", shapley(lambda columns: mcfadden((0,) + tuple(columns)) - mcfadden((0,)), (1, 2)))


if __name__ == "__main__":
    z, _, _ = formula_gaps(N)
    from_covariance("em", em(z, np.ones(N))[1])
    from_covariance("pairwise", pd.DataFrame(z).cov().to_numpy())
    x, levels, counts, exposure = formula_data()
    from_likelihood("ordinal", lambda columns: ordinal_log_likelihood(levels, x[:, list(columns)]), ROWS)
    from_likelihood("count", lambda columns: poisson_log_likelihood(counts, x[:, list(columns)], None), ROWS)
    from_likelihood("count_exposed", lambda columns: poisson_log_likelihood(counts, x[:, list(columns)], exposure), ROWS)
    emit("data", "levels", np.bincount(levels.astype(int)))
    emit("data", "counts", [counts.sum(), (counts == 0).sum(), counts.max()])
