"""Expected values of src/estimators/penalised, by scikit-learn.

    python3 tests/oracles/penalised_reference.py > tests/oracles/penalised_reference.txt

A line is: family, mixing, lambda, weighted or not, then intercept and coefficients in the columns' own units.
"""
import warnings

import numpy as np
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

warnings.filterwarnings("ignore")
M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def polished(z, y, w, b, mixing, penalty):
    """Saga leaves the intercept early: Newton's method on the columns that it left in, with their signs."""
    inside = np.abs(b) > 0
    d = np.column_stack([np.ones(len(y)), z[:, inside]])
    sign, ridge = np.append(0, np.sign(b[inside])), np.append(0, np.ones(inside.sum())) * penalty * (1 - mixing)
    c, share = np.append(0, b[inside]), w / w.sum()
    for _ in range(100):
        p = 1 / (1 + np.exp(-d @ c))
        slope = d.T @ (share * (y - p)) - penalty * mixing * sign - ridge * c
        c = c + np.linalg.solve(d.T @ (d * (share * p * (1 - p))[:, None]) + np.diag(ridge), slope)
    full = np.zeros(len(b))
    full[inside] = c[1:]
    outside = np.abs(z.T @ (share * (y - 1 / (1 + np.exp(-d @ c)))))[~inside]
    assert np.all(outside <= penalty * mixing)
    return c[0], full


n = 200
v = np.array([[wave(r, c) for c in range(5)] for r in range(n)])
x = np.column_stack([5 + 4 * v[:, 0], 100 + 30 * v[:, 0] + 40 * v[:, 1], np.floor(2 + 4 * v[:, 2])])
number = 2 + 0.8 * x[:, 0] - 0.03 * x[:, 1] + v[:, 3] * (1 + 0.5 * x[:, 0])
score = 0.9 * (x[:, 0] - 5) - 0.04 * (x[:, 1] - 100) + 0.3 * x[:, 2] - 0.3
classes = (score + 6 * v[:, 4] > 0).astype(float)
weights = (np.arange(n) % 4).astype(float)

for kind, w in [("plain", np.ones(n)), ("weighted", weights)]:
    mean = np.average(x, axis=0, weights=w)
    std = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    keep = w > 0
    z, w = ((x - mean) / std)[keep], w[keep]
    for mixing in [0.0, 0.3, 1.0]:
        for penalty in [0.3, 0.02]:
            total = w.sum()
            # As glmnet: the penalty is that of the outcome in units of its standard deviation, told in its own unit.
            spread = np.sqrt(np.average((number[keep] - np.average(number[keep], weights=w)) ** 2, weights=w))
            if mixing == 0:
                linear = Ridge(alpha=total * penalty / spread, solver="cholesky")
            else:
                linear = ElasticNet(alpha=penalty / spread, l1_ratio=mixing, tol=1e-15, max_iter=1_000_000)
            logistic = LogisticRegression(
                C=1 / (total * penalty), l1_ratio=mixing, solver="saga", tol=1e-13, max_iter=1_000_000)
            for family, model, y in [("linear", linear, number[keep] / spread), ("logistic", logistic, classes[keep])]:
                fit = model.fit(z, y, sample_weight=w)
                unit = spread if family == "linear" else 1.0
                a, b = unit * np.ravel(fit.intercept_)[0], unit * np.ravel(fit.coef_)
                if family == "logistic":
                    a, b = polished(z, y, w, b, mixing, penalty)
                    np.testing.assert_allclose(b, np.ravel(fit.coef_), rtol=1e-2, atol=1e-4)
                b = b / std
                print(family, mixing, penalty, kind, *[repr(float(u) + 0.0) for u in [a - b @ mean, *b]])
