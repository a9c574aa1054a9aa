"""Expected values of src/estimators/augment.rs and src/estimators/diagnostics, by statsmodels and numpy.

    python3 tests/oracles/diagnostics_reference.py [folder of the classic data sets] > tests/oracles/diagnostics_reference.txt

A line is: case, family, weight kind, what, values. Terms come intercept first, rows in their order.
"""
import os
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic import het_breuschpagan, het_white, linear_reset
from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor

M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def formula_data(n):
    """What src/estimators/formula_data.rs makes."""
    w = np.array([[wave(r, c) for c in range(5)] for r in range(n)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    number = 2 + 0.8 * x[:, 0] - 0.03 * x[:, 1] + w[:, 3] * (1 + 0.5 * x[:, 0])
    score = 0.9 * (x[:, 0] - 5) - 0.04 * (x[:, 1] - 100) + 0.3 * x[:, 2] - 0.3
    classes = (score + 6 * w[:, 4] > 0).astype(float)
    r = np.arange(n)
    return x, number, classes, (r % 4).astype(float), (r * r + r // 3) % 17


def emit(case, what, values):
    print(*case, what, *[repr(float(v)) for v in np.atleast_1d(values)])


def collinearity(case, exog, x, weights):
    """Singular values of the columns scaled to unit length, and what each adds to the coefficients' variances."""
    _, size, right = np.linalg.svd(exog / np.linalg.norm(exog, axis=0), full_matrices=False)
    parts = (right.T / size) ** 2
    emit(case, "condition_index", size[0] / size)
    emit(case, "proportions", (parts / parts.sum(1, keepdims=True))[:, -1])
    places = range(1, x.shape[1])
    explained = [sm.WLS(x[:, j], np.delete(x, j, 1), weights=weights).fit().rsquared for j in places]
    vif = [1 / (1 - share) for share in explained]
    if np.ptp(weights) == 0:
        np.testing.assert_allclose(vif, [variance_inflation_factor(x, j) for j in places], rtol=1e-6)
    emit(case, "vif", vif)


def score_test(z, added, weight, residual, clusters=None):
    """Rao's test with squared scores, of rows or clusters, as their variance."""
    apart = added - z @ np.linalg.lstsq(z * weight[:, None] ** 0.5, added * weight[:, None] ** 0.5, rcond=None)[0]
    score = apart * residual[:, None]
    if clusters is not None:
        score = pd.DataFrame(score).groupby(clusters).sum().to_numpy()
    total = score.sum(0)
    return total @ np.linalg.solve(score.T @ score, total)


def added_f(model, added):
    """F of the larger weighted model."""
    larger = sm.WLS(model.model.endog, np.column_stack([model.model.exog, added]), weights=model.model.weights).fit()
    test = larger.compare_f_test(model)
    return test[0], test[1]


def linear(name, x, y, weights=None, kind="none", groups=None, clusters=None):
    case = (name, "linear", kind)
    w = np.ones(len(y)) if weights is None else weights
    keep = w > 0
    x, y, w = sm.add_constant(x[keep], has_constant="add"), y[keep], w[keep]
    groups = None if groups is None else groups[keep]
    clusters = None if clusters is None else clusters[keep]
    firsts = np.arange(len(y))
    if kind == "frequency":
        times = w.astype(int)
        firsts = np.cumsum(times) - times
        x, y = x.repeat(times, 0), y.repeat(times)
        groups = None if groups is None else groups.repeat(times)
        w = np.ones(len(y))
    if kind == "sampling":
        w = w * len(w) / w.sum()
    fit = sm.WLS(y, x, weights=w).fit(method="qr")
    # Of a WLS fit this leaves the roots of the weights out of leverages and residuals; of the weighted columns it does not.
    influence = OLSInfluence(sm.OLS(fit.model.wendog, fit.model.wexog).fit())
    for what, values in [
        ("fitted", fit.fittedvalues), ("hat", influence.hat_matrix_diag), ("cooksd", influence.cooks_distance[0]),
        ("std_resid", influence.resid_studentized_internal), ("student_resid", influence.resid_studentized_external),
        ("sigma", np.sqrt(influence.sigma2_not_obsi)), ("dffits", influence.dffits[0]),
    ]:
        emit(case, what, values[firsts])
    worst = firsts[np.argmax(influence.cooks_distance[0][firsts])]
    moved = influence.dfbetas[worst, 1:]
    emit(case, "dfbetas", moved[np.argmax(np.abs(moved))])
    collinearity(case, fit.model.wexog, x, w)
    squares = [x[:, j] ** 2 for j in range(1, x.shape[1]) if len(np.unique(x[:, j])) > 2]
    f = fit.fittedvalues - fit.fittedvalues.mean()
    if kind == "sampling":
        emit(case, "reset", score_test(x, np.column_stack([f**2, f**3]), w, w * fit.resid))
        emit(case, "curvature", [score_test(x, s[:, None], w, w * fit.resid) for s in squares])
        # The question about variances is asked of the rows as they are.
        emit(case, "breusch_pagan", het_breuschpagan(fit.resid, x)[:2])
        return
    emit(case, "reset", added_f(fit, np.column_stack([f**2, f**3])))
    emit(case, "curvature", np.ravel([added_f(fit, s) for s in squares]))
    emit(case, "coefficient", [sm.WLS(y, np.column_stack([x, s]), weights=w).fit().params[-1] for s in squares])
    emit(case, "breusch_pagan", het_breuschpagan(fit.wresid, x)[:2])
    width = x.shape[1] * (x.shape[1] + 1) // 2
    if len(y) > width + 1:
        emit(case, "white", het_white(fit.wresid, x)[:2])
    if kind == "none":
        with_f = linear_reset(fit, power=3, use_f=True)
        assert abs(with_f.pvalue - added_f(fit, np.column_stack([f**2, f**3]))[1]) < 1e-6
        emit(case, "robust_reset", score_test(x, np.column_stack([f**2, f**3]), w, fit.resid))
        ratio = (fit.get_robustcov_results("HC3").bse / fit.bse)[1:]
        emit(case, "std_error_ratio", ratio[np.argmax(np.abs(np.log(ratio)))])
    if groups is not None:
        dummies = pd.get_dummies(groups, drop_first=True).to_numpy(float)
        emit(case, "groups", added_f(fit, dummies))
        between = sum(w[groups == g].sum() * np.average(fit.resid[groups == g], weights=w[groups == g]) ** 2
                      for g in np.unique(groups))
        emit(case, "eta_squared", between / (w * fit.resid**2).sum())
        if kind == "none":
            emit(case, "robust_groups", score_test(x, dummies, w, fit.resid))
            if clusters is not None:
                statistic = score_test(x, dummies, w, fit.resid, clusters) / dummies.shape[1]
                emit(case, "cluster_groups", [statistic, stats.f.sf(statistic, dummies.shape[1], len(set(clusters)) - 1)])


def logistic(name, x, y, weights=None, kind="none", groups=None):
    case = (name, "logistic", kind)
    w = np.ones(len(y)) if weights is None else weights
    keep = w > 0
    x, y, w = sm.add_constant(x[keep], has_constant="add"), y[keep], w[keep]
    groups = None if groups is None else groups[keep]
    if kind == "sampling":
        w = w * len(w) / w.sum()
    repeated = {"freq_weights": w} if kind == "frequency" else {"var_weights": w}
    fit = sm.GLM(y, x, family=sm.families.Binomial(), **repeated).fit(tol=1e-14, maxiter=100)
    p = fit.fittedvalues
    each = 1.0 if kind == "frequency" else w
    information = w * p * (1 - p)
    hat = each * p * (1 - p) * np.einsum("ij,jk,ik->i", x, np.linalg.inv(x.T @ (x * information[:, None])), x)
    pearson = np.sqrt(each) * (y - p) / np.sqrt(p * (1 - p))
    std = pearson / np.sqrt(1 - hat)
    cooksd = std**2 * hat / (1 - hat) / x.shape[1]
    if kind == "none":
        influence = fit.get_influence(observed=False)
        np.testing.assert_allclose(hat, influence.hat_matrix_diag, rtol=1e-8)
        np.testing.assert_allclose(cooksd, influence.cooks_distance[0], rtol=1e-8)
        moved = influence.dfbetas[np.argmax(cooksd), 1:]
        emit(case, "dfbetas", moved[np.argmax(np.abs(moved))])
    for what, values in [("fitted", p), ("link", np.log(p / (1 - p))), ("hat", hat), ("std_resid", std), ("cooksd", cooksd),
                         ("pearson_resid", pearson),
                         ("deviance_resid", np.sqrt(each) * sm.families.Binomial().resid_dev(y, p))]:
        emit(case, what, values)
    f = np.log(p / (1 - p))
    f = f - f.mean()

    def rao(added):
        if kind == "sampling":
            return score_test(x, added, information, w * (y - p))
        apart = added - x @ np.linalg.solve(x.T @ (x * information[:, None]), x.T @ (added * information[:, None]))
        total = apart.T @ (w * (y - p))
        return total @ np.linalg.solve(apart.T @ (apart * information[:, None]), total)

    emit(case, "reset", rao(f[:, None] ** 2))
    squares = [x[:, j] ** 2 for j in range(1, x.shape[1]) if len(np.unique(x[:, j])) > 2]
    emit(case, "curvature", [rao((s - s.mean())[:, None] / s.std()) for s in squares])
    if groups is not None:
        emit(case, "groups", rao(pd.get_dummies(groups, drop_first=True).to_numpy(float)))


def halo(name, values):
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(values.T))[::-1]
    emit((name, "halo", "none"), "eigenvalues", eigenvalues)
    p = values.shape[1]
    covariance = np.cov(values.T)
    emit((name, "halo", "none"), "alpha", p / (p - 1) * (1 - np.trace(covariance) / covariance.sum()))


def main(folder):
    x, number, classes, weights, clusters = formula_data(90)
    groups = np.arange(90) * 7 % 4
    for kind in ["none", "frequency", "precision", "sampling"]:
        w = None if kind == "none" else weights
        linear("formula", x, number, w, kind, groups, clusters)
        logistic("formula", x, classes, w, kind, groups)
    if not os.path.isdir(folder):
        sys.exit("the folder of the classic data sets is not there")
    read = lambda name: pd.read_csv(os.path.join(folder, name + ".csv"))
    for name, outcome, features in [
        ("stackloss", "stack.loss", ["Air.Flow", "Water.Temp", "Acid.Conc."]),
        ("longley", "Employed", ["GNP.deflator", "GNP", "Unemployed", "Armed.Forces", "Population", "Year"]),
        ("mtcars", "mpg", ["wt", "hp", "qsec", "am"]),
        ("swiss", "Fertility", ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]),
    ]:
        data = read(name)
        linear(name, data[features].to_numpy(float), data[outcome].to_numpy(float))
    data = read("swiss_binary_ordinal")
    features = ["Agriculture", "Education", "Catholic", "Infant.Mortality"]
    logistic("swiss_binary_ordinal", data[features].to_numpy(float), data["high"].to_numpy(float))
    data = read("attitude")
    halo("attitude", data[["complaints", "privileges", "learning", "raises", "critical", "advance"]].to_numpy(float))


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..", "..", "shared", "data", "classic"))
