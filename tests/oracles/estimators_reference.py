"""Expected values of src/estimators, by statsmodels or, where it has no such estimator, by the textbook formula.

    python3 tests/oracles/estimators_reference.py [folder of the classic data sets] > tests/oracles/estimators_reference.txt

A line is: case, family, weight kind, standard errors, what, values. Terms come intercept first.
"""
import os
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import statsmodels.api as sm

M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def formula_data(n):
    w = np.array([[wave(r, c) for c in range(5)] for r in range(n)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    number = 2 + 0.8 * x[:, 0] - 0.03 * x[:, 1] + w[:, 3] * (1 + 0.5 * x[:, 0])
    score = 0.9 * (x[:, 0] - 5) - 0.04 * (x[:, 1] - 100) + 0.3 * x[:, 2] - 0.3
    classes = (score + 6 * w[:, 4] > 0).astype(float)
    r = np.arange(n)
    return x, number, classes, (r % 4).astype(float), (r * r + r // 3) % 17


def emit(case, what, values):
    print(*case, what, *[repr(float(v)) for v in np.atleast_1d(values)])


def sandwich(x, bread, residual, variance, w, repeated, kind, groups):
    """Scores w r x; a frequency repeats the row, so its squared score counts w times."""
    n = w.sum() if repeated else len(w)
    k = x.shape[1]
    squared = w if repeated else w * w
    if kind == "cluster":
        s = pd.DataFrame(x * (w * residual)[:, None]).groupby(groups).sum().to_numpy()
        return bread @ (s.T @ s) @ bread * len(s) / (len(s) - 1) * (n - 1) / (n - k)
    c = squared * residual**2
    if kind == "hc3":
        c = c / (1 - (1 if repeated else w) * variance * np.einsum("ij,jk,ik->i", x, bread, x)) ** 2
    factor = n / (n - k) if kind == "hc1" else 1
    return bread @ (x.T @ (x * c[:, None])) @ bread * factor


def linear(name, x, y, weights=None, kind="none", groups=None, errors=("model", "hc1", "hc3")):
    keep = np.ones(len(y), bool) if weights is None else weights > 0
    x, y = sm.add_constant(x[keep], has_constant="add"), y[keep]
    w = np.ones(len(y)) if weights is None else weights[keep]
    groups = None if groups is None else groups[keep]
    if kind == "frequency":
        times = w.astype(int)
        x, y, groups = x.repeat(times, 0), y.repeat(times), None if groups is None else groups.repeat(times)
        w = np.ones(len(y))
    if kind == "sampling":
        w = w * len(w) / w.sum()
    model = sm.WLS(y, x, weights=w)
    for error in errors + (("cluster",) if groups is not None else ()):
        options = {
            "model": {},
            "hc1": {"cov_type": "HC1", "use_t": True},
            "hc3": {"cov_type": "HC3", "use_t": True},
            "cluster": {"cov_type": "cluster", "cov_kwds": {"groups": groups}, "use_t": True},
        }[error]
        fit = model.fit(method="qr", **options)
        case = (name, "linear", kind, error)
        for what, values in [
            ("estimate", fit.params), ("std_error", fit.bse), ("statistic", fit.tvalues), ("p_value", fit.pvalues),
            ("conf_low", fit.conf_int()[:, 0]), ("conf_high", fit.conf_int()[:, 1]), ("r_squared", fit.rsquared),
            ("adj_r_squared", fit.rsquared_adj), ("sigma", np.sqrt(fit.mse_resid)),
        ]:
            emit(case, what, values)
        if kind != "sampling":
            emit(case, "log_likelihood", fit.llf)
            emit(case, "null_log_likelihood", sm.WLS(y, np.ones(len(y)), weights=w).fit().llf)


def logistic(name, x, y, weights=None, kind="none", groups=None, errors=("model", "hc1", "hc3")):
    keep = np.ones(len(y), bool) if weights is None else weights > 0
    x, y = sm.add_constant(x[keep], has_constant="add"), y[keep]
    w = np.ones(len(y)) if weights is None else weights[keep]
    groups = None if groups is None else groups[keep]
    if kind == "sampling":
        w = w * len(w) / w.sum()
    # Newton on centred and scaled columns to the last digit; statsmodels' own fit must agree.
    mean, scale = x[:, 1:].mean(0), x[:, 1:].std(0)
    z = np.column_stack([np.ones(len(y)), (x[:, 1:] - mean) / scale])
    b = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ b))
        b = b + np.linalg.solve(z.T @ (z * (w * p * (1 - p))[:, None]), z.T @ (w * (y - p)))
    back = np.diag(np.append(1, 1 / scale))
    back[0, 1:] = -mean / scale
    p = 1 / (1 + np.exp(-z @ b))
    bread = np.linalg.inv(z.T @ (z * (w * p * (1 - p))[:, None]))
    if kind == "frequency":
        times = w.astype(int)
        own = sm.Logit(y.repeat(times), x.repeat(times, 0)).fit(disp=0, tol=1e-12, maxiter=100)
        np.testing.assert_allclose(back @ b, own.params, rtol=1e-6)
    else:
        own = sm.GLM(y, x, family=sm.families.Binomial(), var_weights=w).fit(tol=1e-14, tol_criterion="params")
        np.testing.assert_allclose(back @ b, own.params, rtol=1e-6)
        np.testing.assert_allclose(np.sqrt(np.diag(back @ bread @ back.T)), own.bse, rtol=1e-6)
    for error in errors + (("cluster",) if groups is not None else ()):
        cov = bread if error == "model" else sandwich(z, bread, y - p, p * (1 - p), w, kind == "frequency", error, groups)
        if error == "cluster" and kind == "none":
            ours = np.sqrt(np.diag(back @ cov @ back.T))
            theirs = sm.Logit(y, x).fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
            np.testing.assert_allclose(ours, theirs.bse, rtol=1e-6)
        std = np.sqrt(np.diag(back @ cov @ back.T))
        case = (name, "logistic", kind, error)
        emit(case, "estimate", back @ b)
        emit(case, "std_error", std)
        emit(case, "log_likelihood", np.sum(w * (y * np.log(p) + (1 - y) * np.log1p(-p))))
        rate = np.sum(w * y) / np.sum(w)
        emit(case, "null_log_likelihood", np.sum(w) * (rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))


def exact_linear(name, columns, y):
    """Least squares in exact rational arithmetic on the doubles themselves."""
    x = [[Fraction(1)] + [Fraction(float(c[r])) for c in columns] for r in range(len(y))]
    y = [Fraction(float(v)) for v in y]
    k = len(x[0])
    a = [[sum(r[i] * r[j] for r in x) for j in range(k)] + [Fraction(int(i == j)) for j in range(k)]
         + [sum(r[i] * v for r, v in zip(x, y))] for i in range(k)]
    for i in range(k):
        pivot = next(r for r in range(i, k) if a[r][i] != 0)
        a[i], a[pivot] = a[pivot], a[i]
        a[i] = [v / a[i][i] for v in a[i]]
        for r in range(k):
            if r != i and a[r][i] != 0:
                a[r] = [u - a[r][i] * v for u, v in zip(a[r], a[i])]
    b = [a[i][-1] for i in range(k)]
    rss = sum((v - sum(u * w for u, w in zip(r, b))) ** 2 for r, v in zip(x, y))
    sigma2 = rss / (len(y) - k)
    case = (name, "linear", "none", "model")
    emit(case, "estimate", b)
    emit(case, "std_error", [float(sigma2 * a[i][k + i]) ** 0.5 for i in range(k)])


x, number, classes, weights, groups = formula_data(400)
for fit, y in [(linear, number), (logistic, classes)]:
    fit("formula", x, y, groups=groups)
    for kind in ["precision", "frequency"]:
        fit("formula", x, y, weights, kind, groups)
    fit("formula", x, y, weights, "sampling", groups, errors=("hc1",))

# Columns that are nearly one column, with a common offset of a thousand times their spread.
n = 40
trend = [1947 + r for r in range(n)]
near = [1947 + r + wave(r, 7) / 1024 for r in range(n)]
far = [1e6 + 1000 * wave(r, 8) + r for r in range(n)]
exact_linear("collinear", [trend, near, far], [3 * t + wave(r, 9) for r, t in enumerate(trend)])

def firth(name, x, y):
    from scipy.optimize import minimize, root

    mean, scale = x.mean(0), x.std(0)
    z = np.column_stack([np.ones(len(y)), (x - mean) / scale])

    def parts(b):
        p = 1 / (1 + np.exp(-z @ b))
        return p, z.T @ (z * (p * (1 - p))[:, None])

    def negative(b):
        p, information = parts(b)
        return -np.sum(np.where(y > 0, np.log(p), np.log1p(-p))) - np.linalg.slogdet(information)[1] / 2

    def score(b):
        p, information = parts(b)
        h = p * (1 - p) * np.einsum("ij,jk,ik->i", z, np.linalg.inv(information), z)
        return z.T @ (y - p + h * (0.5 - p))

    near = minimize(negative, np.zeros(z.shape[1]), method="BFGS").x
    b = root(score, near, tol=1e-14).x
    np.testing.assert_allclose(b, near, rtol=1e-3, atol=1e-3)
    back = np.diag(np.append(1, 1 / scale))
    back[0, 1:] = -mean / scale
    p, information = parts(b)
    case = (name, "logistic", "none", "model")
    emit(case, "estimate", back @ b)
    emit(case, "std_error", np.sqrt(np.diag(back @ np.linalg.inv(information) @ back.T)))


x, number, classes, weights, groups = formula_data(60)
firth("firth", x, classes)
firth("firth:separated", x, (x[:, 0] > 5.2).astype(float))

def separated(x, y):
    from scipy.optimize import linprog

    a = np.column_stack([np.ones(len(y)), x]) * (2 * y - 1)[:, None]
    found = linprog(-a.sum(0), A_ub=-a, b_ub=np.zeros(len(y)), bounds=(-1, 1))
    return float(-found.fun > 1e-6)


# 1 for separated, 0 for not, -1 for a single class.
samples = []
for sample in range(300):
    rows = [sample * 20 + r for r in range(14)]
    # Halves away from zero, as Rust rounds.
    x = np.array([[np.copysign(np.floor(abs(5 * wave(r, c)) + 0.5), wave(r, c)) for c in (20, 21)] for r in rows])
    y = np.array([float(u[0] + 0.5 * u[1] + 3 * wave(r, 30) > 0) for r, u in zip(rows, x)])
    samples.append(separated(x, y) if 0 < y.sum() < 14 else -1)
emit(("separation", "logistic", "none", "model"), "separated", samples)

if len(sys.argv) > 1:
    def read(file):
        return pd.read_csv(os.path.join(sys.argv[1], file + ".csv"))

    for file, outcome, features in [
        ("mtcars", "mpg", "wt,hp,qsec,am"), ("swiss", "Fertility", "Agriculture,Examination,Education,Catholic,Infant.Mortality"),
        ("attitude", "rating", "complaints,privileges,learning,raises,critical,advance"),
        ("stackloss", "stack.loss", "Air.Flow,Water.Temp,Acid.Conc."), ("LifeCycleSavings", "sr", "pop15,pop75,dpi,ddpi"),
        ("USJudgeRatings", "RTEN", "CONT,INTG,DMNR,DILG,CFMG,DECI,PREP,FAMI,ORAL,WRIT,PHYS"),
    ]:
        data = read(file)
        linear(file, data[features.split(",")].to_numpy(float), data[outcome].to_numpy(float))
    for file, outcome, features in [
        ("mtcars", "am", "wt"), ("mtcars", "vs", "mpg,am"), ("swiss_binary_ordinal", "high", "Agriculture,Education,Catholic,Infant.Mortality"),
    ]:
        data = read(file)
        logistic(f"{file}:{outcome}", data[features.split(",")].to_numpy(float), data[outcome].to_numpy(float))
