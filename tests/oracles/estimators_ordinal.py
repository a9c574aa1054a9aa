"""Expected values of the ordinal models of src/estimators: by Newton's method on the plain formula F(u) - F(l), held
against statsmodels' OrderedModel, and Brant's test by its formula on statsmodels' binary fits.

    python3 tests/oracles/estimators_ordinal.py [folder of the public data sets] > tests/oracles/estimators_ordinal.txt

A line is: case, model, weight kind, standard errors, what, values. Slopes come first, then thresholds.
"""
import os
import sys
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import linprog
from scipy.special import expit
from scipy.stats import chi2
from statsmodels.miscmodels.ordinal_model import OrderedModel

# statsmodels calls a fit unconverged that cannot improve any further; the comparison below decides.
warnings.simplefilter("ignore")
M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def formula_data(n):
    """As src/estimators/formula_data.rs; the answer is cut from its number, and the class from the answer."""
    w = np.array([[wave(r, c) for c in range(5)] for r in range(n)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    number = 2 + 0.8 * x[:, 0] - 0.03 * x[:, 1] + w[:, 3] * (1 + 0.5 * x[:, 0])
    answer = np.clip(np.floor(number), 0, 6)
    classes = (answer > 1).astype(float) + (answer > 3)
    r = np.arange(n)
    return x, answer, classes, (r % 4).astype(float), (r * r + r // 3) % 17


def emit(case, what, values):
    print(*case, what, *[repr(float(v)) for v in np.atleast_1d(values)])


class Ordered:
    """P(y <= j) = F(theta_j - x' b_j): parameters are the thresholds and, by column, a slope or one for each step."""

    def __init__(self, x, y, w, parallel):
        self.levels, self.code = np.unique(y, return_inverse=True)
        n, k = x.shape
        steps = len(self.levels) - 1
        self.mean, self.scale = x.mean(0), x.std(0)
        self.scale[self.scale == 0] = 1
        z = (x - self.mean) / self.scale
        self.w, self.steps, self.k = w, steps, k
        self.slope = np.zeros((k, steps), int)
        place = steps
        for c in range(k):
            self.slope[c] = place if parallel[c] else place + np.arange(steps)
            place += 1 if parallel[c] else steps
        self.size = place
        # The predictors of all steps as linear maps of the parameters.
        self.at = np.zeros((steps, n, place))
        for t in range(steps):
            self.at[t, :, t] = 1
            for c in range(k):
                self.at[t, :, self.slope[c, t]] -= z[:, c]
        rows = np.arange(n)
        self.has_u, self.has_l = self.code < steps, self.code > 0
        self.a_u = self.at[np.minimum(self.code, steps - 1), rows] * self.has_u[:, None]
        self.a_l = self.at[np.maximum(self.code - 1, 0), rows] * self.has_l[:, None]

    def parts(self, b):
        u = np.where(self.has_u, self.a_u @ b, np.inf)
        l = np.where(self.has_l, self.a_l @ b, -np.inf)
        p = np.where(l > 0, expit(-l) - expit(-u), expit(u) - expit(l))
        fu, fl = expit(u) * expit(-u), expit(l) * expit(-l)
        gu, gl = fu / p, -fl / p
        score = self.a_u * gu[:, None] + self.a_l * gl[:, None]
        du = np.where(self.has_u, 1 - 2 * expit(u), 0)
        dl = np.where(self.has_l, 1 - 2 * expit(l), 0)
        huu, hll, hul = fu * du / p - gu**2, -fl * dl / p - gl**2, -gu * gl
        au, al, w = self.a_u, self.a_l, self.w
        cross = au.T @ (al * (w * hul)[:, None])
        h = au.T @ (au * (w * huu)[:, None]) + al.T @ (al * (w * hll)[:, None]) + cross + cross.T
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.sum(w * np.log(p)) if (p > 0).all() else -np.inf), score, -h

    def fit(self):
        shares = np.array([self.w[self.code <= j].sum() for j in range(self.steps)]) / self.w.sum()
        b = np.append(np.log(shares / (1 - shares)), np.zeros(self.size - self.steps))
        for _ in range(100):
            value, score, information = self.parts(b)
            step = np.linalg.solve(information, self.w @ score)
            size = 1.0
            while not self.parts(b + size * step)[0] >= value - 1e-10 * abs(value):
                size /= 2
                assert size > 1e-9
            b = b + size * step
            if np.abs(step).max() < 1e-12:
                break
        return b

    def map(self):
        """To slopes in the order of the parameters and thresholds, in units."""
        q, t = self.size, self.steps
        back = np.zeros((q, q))
        for step in range(t):
            back[q - t + step, step] = 1
            for c in range(self.k):
                place = self.slope[c, step]
                back[place - t, place] = 1 / self.scale[c]
                back[q - t + step, place] = self.mean[c] / self.scale[c]
        return back


def used(x, y, weights, kind, groups):
    keep = np.ones(len(y), bool) if weights is None else weights > 0
    w = np.ones(len(y)) if weights is None else weights[keep]
    if kind == "sampling":
        w = w * len(w) / w.sum()
    return x[keep], y[keep], w, None if groups is None else groups[keep]


def fits(name, kind_of_model, x, y, parallel, weights=None, kind="none", groups=None, errors=("model", "hc1")):
    x, y, w, groups = used(x, y, weights, kind, groups)
    model = Ordered(x, y, w, parallel)
    b = model.fit()
    value, score, information = model.parts(b)
    bread, back = np.linalg.inv(information), model.map()
    n = w.sum() if kind == "frequency" else len(w)
    q = model.size
    for error in errors + (("cluster",) if groups is not None else ()):
        cov = bread
        if error == "hc1":
            meat = score.T @ (score * (w if kind == "frequency" else w * w)[:, None])
            cov = bread @ meat @ bread * n / (n - q)
        if error == "cluster":
            s = pd.DataFrame(score * w[:, None]).groupby(groups).sum().to_numpy()
            cov = bread @ (s.T @ s) @ bread * len(s) / (len(s) - 1) * (n - 1) / (n - q)
        cov = back @ cov @ back.T
        case = (name, kind_of_model, kind, error)
        emit(case, "estimate", back @ b)
        emit(case, "std_error", np.sqrt(np.diag(cov)))
        emit(case, "log_likelihood", value)
        sums = np.array([w[model.code == j].sum() for j in range(model.steps + 1)])
        emit(case, "null_log_likelihood", np.sum(sums * np.log(sums / sums.sum())))
        if kind_of_model == "partial":
            d = np.array([[int(i == model.slope[c, 1] - 2) - int(i == model.slope[c, 0] - 2) for i in range(q)]
                          for c in range(model.k) if not parallel[c]])
            gap = d @ back @ b
            emit(case, "difference", gap)
            emit(case, "difference_std_error", np.sqrt(np.diag(d @ cov @ d.T)))
            stat = gap @ np.linalg.solve(d @ cov @ d.T, gap)
            emit(case, "equality", [stat, len(gap), chi2.sf(stat, len(gap))])
        if all(parallel) and kind == "none" and error != "hc1":
            hold_against_statsmodels(model, x, y, back @ b, np.sqrt(np.diag(cov)), value, error, groups)


def hold_against_statsmodels(model, x, y, estimates, std_errors, value, error, groups):
    z = (x - model.mean) / model.scale
    # OrderedModel takes the levels of a series by their order.
    theirs = OrderedModel(pd.Series(pd.Categorical(y, ordered=True)), z, distr="logit")
    options = {"cov_type": "cluster", "cov_kwds": {"groups": groups}} if error == "cluster" else {}
    fit = theirs.fit(method="bfgs", gtol=1e-8, maxiter=2000, disp=0)
    fit = theirs.fit(start_params=fit.params, method="newton", maxiter=50, tol=1e-12, disp=0, **options)
    k = x.shape[1]
    np.testing.assert_allclose(fit.params[:k] / model.scale, estimates[:k], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.bse[:k] / model.scale, std_errors[:k], rtol=1e-4)
    thresholds = theirs.transform_threshold_params(fit.params)[1:-1]
    np.testing.assert_allclose(thresholds + model.mean @ estimates[:k], estimates[k:], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(fit.llf, value, rtol=1e-10)


def brant(name, x, y, weights=None, kind="none", groups=None, error="model"):
    x, y, w, groups = used(x, y, weights, kind, groups)
    levels = np.unique(y)
    z = np.column_stack([np.ones(len(y)), x])
    n, k = z.shape
    times = sm.families.Binomial()
    b, p, breads, residuals = [], [], [], []
    for level in levels[:-1]:
        above = (y > level).astype(float)
        fit = sm.GLM(above, z, family=times, freq_weights=w).fit(tol=1e-14, tol_criterion="params", maxiter=200)
        share = expit(z @ fit.params)
        b.append(fit.params[1:])
        p.append(share)
        residuals.append(above - share)
        breads.append(np.linalg.inv(z.T @ (z * (w * share * (1 - share))[:, None])))
    steps = len(b)
    v = np.zeros((steps * (k - 1), steps * (k - 1)))
    n_used = w.sum() if kind == "frequency" else n
    for m in range(steps):
        for l in range(m, steps):
            if error == "model":
                meat = z.T @ (z * (w * p[l] * (1 - p[m]))[:, None])
            elif error == "hc1":
                squared = w if kind == "frequency" else w * w
                meat = z.T @ (z * (squared * residuals[m] * residuals[l])[:, None]) * n_used / (n_used - k)
            else:
                s = [pd.DataFrame(z * (w * residuals[i])[:, None]).groupby(groups).sum().to_numpy() for i in (m, l)]
                g = len(s[0])
                meat = s[0].T @ s[1] * g / (g - 1) * (n_used - 1) / (n_used - k)
            block = (breads[m] @ meat @ breads[l])[1:, 1:]
            v[m * (k - 1):(m + 1) * (k - 1), l * (k - 1):(l + 1) * (k - 1)] = block
            v[l * (k - 1):(l + 1) * (k - 1), m * (k - 1):(m + 1) * (k - 1)] = block.T
    b = np.concatenate(b)
    case = (name, "brant", kind, error)

    def wald(places):
        places = np.array(places).reshape(steps, -1)
        width = places.shape[1]
        d = np.zeros(((steps - 1) * width, len(b)))
        for m in range(1, steps):
            for j in range(width):
                d[(m - 1) * width + j, places[m, j]] = 1
                d[(m - 1) * width + j, places[0, j]] = -1
        gap, cov = d @ b, d @ v @ d.T
        # Binary fits that cross leave no covariance.
        scale = np.sqrt(np.maximum(np.diag(cov), 1e-300))
        if np.linalg.eigvalsh(cov / np.outer(scale, scale)).min() < 1e-9:
            return np.nan
        stat = gap @ np.linalg.solve(cov, gap)
        return [stat, len(gap), chi2.sf(stat, len(gap))]

    emit(case, "overall", wald(np.arange(len(b))))
    for c in range(k - 1):
        places = np.arange(steps) * (k - 1) + c
        emit(case, f"term{c}", wald(places))
        emit(case, f"slopes{c}", b[places])
        emit(case, f"std_errors{c}", np.sqrt(np.diag(v)[places]))


def recedes(sides):
    """Whether a linear programme finds parameters along which no row gets less likely and some get more so."""
    return -linprog(-sides.sum(0), A_ub=-sides, b_ub=np.zeros(len(sides)), bounds=(-1, 1)).fun > 1e-6


def ratio(name, x, y, weights=None, kind="none"):
    x, y, w, _ = used(x, y, weights, kind, None)
    k = x.shape[1]
    common, free = Ordered(x, y, w, [True] * k), Ordered(x, y, w, [False] * k)
    case = (name, "brant", kind, "model")
    if recedes(np.vstack([free.a_u[free.has_u], -free.a_l[free.has_l]])):
        return emit(case, "likelihood_ratio", np.nan)
    stat = 2 * (free.parts(free.fit())[0] - common.parts(common.fit())[0])
    df = free.size - common.size
    emit(case, "likelihood_ratio", [stat, df, chi2.sf(stat, df)])


x, answer, classes, weights, groups = formula_data(400)
every, none = [True] * 3, [False] * 3
fits("formula", "ordinal", x, answer, every, groups=groups)
fits("formula", "partial", x, classes, none, groups=groups)
fits("formula:parallel", "partial", x, classes, [False, True, False], groups=groups)
for kind in ["precision", "frequency"]:
    fits("formula", "ordinal", x, answer, every, weights, kind, groups)
    fits("formula", "partial", x, classes, none, weights, kind, groups)
fits("formula", "ordinal", x, answer, every, weights, "sampling", groups, errors=("hc1",))
fits("formula", "partial", x, classes, none, weights, "sampling", groups, errors=("hc1",))
for error in ["model", "hc1", "cluster"]:
    brant("formula", x, answer, groups=groups, error=error)
brant("formula", x, answer, weights, "frequency")
ratio("formula", x, answer)
ratio("formula", x, answer, weights, "frequency")


# 1 for separated, 0 for not, -1 for fewer than three levels.
samples = []
for sample in range(300):
    rows = [sample * 20 + r for r in range(14)]
    # Halves away from zero, as Rust rounds.
    x = np.array([[np.copysign(np.floor(abs(5 * wave(r, c)) + 0.5), wave(r, c)) for c in (20, 21)] for r in rows])
    y = np.array([np.floor(np.clip(u[0] + 0.5 * u[1] + 5 * wave(r, 30), -1, 2) / 1.5) for r, u in zip(rows, x)])
    models = [Ordered(x, y, np.ones(len(y)), [parallel] * 2) for parallel in (True, False)]
    few = len(np.unique(y)) < 3
    samples.append([-1 if few else recedes(np.vstack([m.a_u[m.has_u], -m.a_l[m.has_l]])) for m in models])
for column, model in enumerate(["ordinal", "partial"]):
    emit(("separation", model, "none", "model"), "separated", np.array(samples)[:, column])

if len(sys.argv) > 1:
    for file, outcome, features in [
        ("classic/swiss_binary_ordinal", "cat", "Agriculture,Catholic,Infant.Mortality"),
        ("ecsi_mobile/mobi", "CUSL3", "CUSA1,CUSA2,CUSA3,PERQ1,PERV1"),
        ("seat_reviews/seat", "overall_rating",
         "seat_legroom_rating,seat_recline_rating,seat_width_rating,aisle_space_rating"),
    ]:
        data = pd.read_csv(os.path.join(sys.argv[1], file + ".csv"))
        features = features.split(",")
        data = data[features + [outcome]].dropna()
        x, y = data[features].to_numpy(float), data[outcome].to_numpy(float)
        fits(file, "ordinal", x, y, [True] * len(features))
        brant(file, x, y)
        ratio(file, x, y)
