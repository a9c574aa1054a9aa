"""Expected values of src/estimators/firth/profile.rs: profile penalised likelihood, as logistf and SAS `clparm=pl`.

    python3 tests/oracles/firth_profile.py >tests/oracles/firth_profile.txt

A line is: table, term, estimate, signed root of the penalised likelihood ratio, its p-value, both ends of the 95 % interval. Each
profile is a maximum of scipy's Newton conjugate gradients on the penalised likelihood of all columns (the determinant that of the whole
information, whatever coefficient is held) and each end a root of brentq, so nothing is shared with the code but the formula.
"""
import os

import numpy as np
from scipy.optimize import brentq, minimize, root
from scipy.special import expit
from scipy.stats import chi2

M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


class Table:
    def __init__(self, x, y, weights=None):
        self.mean, self.scale = x.mean(0), x.std(0)
        self.z = np.column_stack([np.ones(len(y)), (x - self.mean) / self.scale])
        self.y, self.w = y, np.ones(len(y)) if weights is None else weights

    def parts(self, b):
        eta = self.z @ b
        # One less the probability keeps its digits far out.
        p, q = expit(eta), expit(-eta)
        return eta, p, q, self.z.T @ (self.z * (self.w * p * q)[:, None])

    def value(self, b):
        eta, _, _, information = self.parts(b)
        sign, half = np.linalg.slogdet(information)
        likelihood = -np.sum(self.w * np.logaddexp(0, np.where(self.y > 0, -eta, eta)))
        return likelihood + half / 2 if sign > 0 else -1e300

    def score(self, b):
        _, p, q, information = self.parts(b)
        h = self.w * p * q * np.einsum("ij,ji->i", self.z, np.linalg.solve(information, self.z.T))
        residual = np.where(self.y > 0, q, -p)
        return self.z.T @ (self.w * residual + h * (q - p) / 2)

    def held(self, term, at, start):
        """The maximum with a term (in its own units) held; coefficients of the standardised columns."""
        k = self.z.shape[1]
        c = np.zeros(k)
        if term:
            c[term] = 1 / self.scale[term - 1]
        else:
            c[0], c[1:] = 1, -self.mean / self.scale
        # Any point that has it, and the directions that keep it.
        null = np.linalg.svd(c[None, :])[2][1:].T
        base = c * at / (c @ c)
        go = null.T @ (start - base)
        for method in ["BFGS", "Newton-CG"]:
            done = minimize(lambda g: -self.value(base + null @ g), go, jac=lambda g: -null.T @ self.score(base + null @ g),
                            method=method, options=dict(gtol=1e-9) if method == "BFGS" else dict(xtol=1e-13))
            go = done.x
        exact = root(lambda g: null.T @ self.score(base + null @ g), go, tol=1e-14)
        if self.value(base + null @ exact.x) >= self.value(base + null @ go) - 1e-9:
            go = exact.x
        return base + null @ go

    def report(self, name, terms):
        k = self.z.shape[1]
        best = minimize(lambda b: -self.value(b), np.zeros(k), jac=lambda b: -self.score(b), method="BFGS").x
        best = root(self.score, best, tol=1e-14).x
        top = self.value(best)
        back = np.diag(np.append(1, 1 / self.scale))
        back[0, 1:] = -self.mean / self.scale
        own = back @ best
        errors = np.sqrt(np.diag(back @ np.linalg.inv(self.parts(best)[3]) @ back.T))
        for term in range(k):
            fall = lambda at, start: top - self.value(self.held(term, at, start))
            ratio = 2 * fall(0.0, best)
            ends = []
            for side in (-1, 1):
                near, far, start = own[term], own[term], best
                while 2 * fall(far, start) < chi2.ppf(0.95, 1):
                    start = self.held(term, far, start)
                    near, far = far, far + side * errors[term] / 2
                low, high = min(near, far), max(near, far)
                ends.append(brentq(lambda at: 2 * fall(at, start) - chi2.ppf(0.95, 1), low, high, xtol=1e-10))
            print(name, terms[term], own[term], np.sign(own[term]) * np.sqrt(ratio), chi2.sf(ratio, 1), *ends)


def main():
    n = 60
    w = np.array([[wave(r, c) for c in range(3)] for r in range(n)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    names = ["(intercept)", "speed", "price", "calls"]
    classes = np.array([float(wave(r, 5) + 0.3 * w[r, 0] > 0) for r in range(n)])
    Table(x, classes).report("overlapping", names)
    Table(x, (x[:, 0] > 5.2).astype(float)).report("separated", names)
    Table(x, classes, np.array([1.0 + r % 3 for r in range(n)])).report("frequencies", names)
    # 40 rows of which one column tells all apart, and a flag most.
    path = os.path.join(os.path.dirname(__file__), "firth_profile.csv")
    x, z, y, q, f = np.loadtxt(path, delimiter=",", skiprows=1).T
    Table(np.column_stack([f, z]), q).report("flag-apart", ["(intercept)", "f", "z"])
    Table(np.column_stack([x, z]), y).report("all-apart", ["(intercept)", "x", "z"])
    # All with a complaint left: a 2 x 2 table with an empty cell.
    flag = np.repeat([0.0, 0.0, 1.0], [14, 8, 5])
    Table(flag[:, None], np.repeat([0.0, 1.0, 1.0], [14, 8, 5])).report("empty-cell", ["(intercept)", "flag"])


if __name__ == "__main__":
    main()
