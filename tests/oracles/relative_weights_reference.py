"""Expected relative weights of a class, step by step as Tonidandel and LeBreton (2010) give them.

    python3 tests/oracles/relative_weights_reference.py > tests/oracles/relative_weights_reference.txt

Z comes from the singular value decomposition of the standardised drivers, statsmodels fits the class on Z, coefficients are
standardised in full (Menard), and squared they go through the squared loadings of the drivers on Z. A line is: case, what,
values.
"""
import numpy as np
import statsmodels.api as sm

from drivers_reference import ROWS, formula_data
from missing_reference import emit


def standardised(x, w):
    x = x - np.average(x, axis=0, weights=w)
    return x / np.sqrt(np.average(x**2, axis=0, weights=w))


def correlation(a, b, w):
    a, b = standardised(a, w), standardised(b, w)
    return np.average(a * b, weights=w)


def residuals(x, always, w):
    design = sm.add_constant(always)
    return np.column_stack([c - sm.WLS(c, design, weights=w).fit().predict(design) for c in x.T])


def relative_weights(y, x, w, always=None, blocks=None):
    """Weights of the drivers, and the squared correlation of class and predicted probability."""
    n = w.sum()
    if always is not None:
        x = residuals(x, always, w)
    x = standardised(x, w)
    blocks = blocks or [[column] for column in range(x.shape[1])]
    for block in blocks:
        if len(block) > 1:
            q, _ = np.linalg.qr(np.sqrt(w)[:, None] * x[:, block])
            x[:, block] = q / np.sqrt(w)[:, None] * np.sqrt(n)
    u, _, vt = np.linalg.svd(np.sqrt(w / n)[:, None] * x, full_matrices=False)
    z = (u @ vt) / np.sqrt(w / n)[:, None]
    loadings = (w[:, None] * x).T @ z / n
    design = sm.add_constant(z if always is None else np.column_stack([z, always]))
    fit = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14, maxiter=100)
    logit = design @ fit.params
    r = correlation(fit.predict(design), y, w)
    s_logit = np.sqrt(np.average((logit - np.average(logit, weights=w)) ** 2, weights=w))
    beta = fit.params[1 : 1 + z.shape[1]] * r / s_logit
    weights = [sum((loadings[row, block] @ beta[block]) ** 2 for row in own for block in blocks) for own in blocks]
    return np.array(weights), r**2


def case(name, *arguments, **named):
    weights, r_squared = relative_weights(*arguments, **named)
    emit(name, "weights", weights)
    emit(name, "r_squared", r_squared)


if __name__ == "__main__":
    x, levels, _, _ = formula_data()
    y = (levels >= 6).astype(float)
    ones, frequencies = np.ones(ROWS), (np.arange(ROWS) % 4).astype(float)
    emit("data", "events", y.sum())
    case("plain", y, x, ones)
    some = frequencies > 0
    case("frequency", y[some], x[some], frequencies[some])
    case("given_x0", y, x[:, 1:], ones, always=x[:, :1])
    marks = np.column_stack([x[:, 2] == level for level in (1.0, 2.0, 3.0)]).astype(float)
    case("category", y, np.column_stack([x[:, :2], marks]), ones, blocks=[[0], [1], [2, 3, 4]])
