"""Expected values of src/estimators/count.rs, by statsmodels, polished by its own scores and Hessians.

    python3 tests/oracles/count_reference.py [folder of the telco data set] > tests/oracles/count_reference.txt

A line is: case, distribution, weight kind, standard errors, what, values. Terms come intercept first, alpha last.
"""
import os
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import gammaln
from scipy.stats import chi2, norm

M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def formula_data(n):
    w = np.array([[wave(r, c) for c in range(7)] for r in range(n)])
    x = np.column_stack([5 + 4 * w[:, 0], 100 + 30 * w[:, 0] + 40 * w[:, 1], np.floor(2 + 4 * w[:, 2])])
    u = w[:, 5] + 0.5
    lean = 1 + 0.25 * (x[:, 0] - 5)
    exposure = 1 + np.floor(4 * (w[:, 6] + 0.5))
    r = np.arange(n)
    plain = np.floor(8 * u * u * u * lean)
    exposed = np.floor(3 * exposure * u * u * u * lean)
    return x, plain, exposed, exposure, (r % 4).astype(float), (r * r + r // 3) % 17


def emit(case, what, values):
    print(*case, what, *[repr(float(v)) for v in np.atleast_1d(values)])


def sandwich(scores, bread, groups, n, kind, leverage=None, times=None):
    """`scores` one a row, each repeated `times`."""
    k = len(bread)
    times = np.ones(len(scores)) if times is None else times
    if kind == "cluster":
        s = pd.DataFrame(scores * times[:, None]).groupby(groups).sum().to_numpy()
        return bread @ (s.T @ s) @ bread * len(s) / (len(s) - 1) * (n - 1) / (n - k)
    c = times / (1 - leverage) ** 2 if kind == "hc3" else times
    return bread @ (scores.T @ (scores * c[:, None])) @ bread * (n / (n - k) if kind == "hc1" else 1)


def poisson(name, x, y, exposure=None, weights=None, kind="none", groups=None, errors=("model", "hc1", "hc3")):
    keep = np.ones(len(y), bool) if weights is None else weights > 0
    x, y = sm.add_constant(x[keep], has_constant="add"), y[keep]
    e = np.ones(len(y)) if exposure is None else exposure[keep]
    w = np.ones(len(y)) if weights is None else weights[keep]
    groups = None if groups is None else groups[keep]
    if kind == "sampling":
        w = w * len(w) / w.sum()
    n = w.sum() if kind == "frequency" else len(w)

    def fit(x):
        # Newton on centred and scaled columns to the last digit.
        mean, scale = x[:, 1:].mean(0), x[:, 1:].std(0)
        z = np.column_stack([np.ones(len(y)), (x[:, 1:] - mean) / scale])
        b = sm.GLM(y, z, family=sm.families.Poisson(), var_weights=w, exposure=e).fit(tol=1e-14).params
        for _ in range(5):
            mu = e * np.exp(z @ b)
            b = b + np.linalg.solve(z.T @ (z * (w * mu)[:, None]), z.T @ (w * (y - mu)))
        back = np.diag(np.append(1, 1 / scale))
        back[0, 1:] = -mean / scale
        return z, b, back

    z, b, back = fit(x)
    mu = e * np.exp(z @ b)
    bread = np.linalg.inv(z.T @ (z * (w * mu)[:, None]))
    own = sm.GLM(y, x, family=sm.families.Poisson(), var_weights=w, exposure=e).fit(tol=1e-14)
    np.testing.assert_allclose(back @ b, own.params, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(back @ bread @ back.T)), own.bse, rtol=1e-6)
    likelihood = lambda mu: np.sum(w * (y * np.log(mu) - mu - gammaln(y + 1)))
    for error in errors + (("cluster",) if groups is not None else ()):
        repeated = kind == "frequency"
        scores = z * ((1 if repeated else w) * (y - mu))[:, None]
        leverage = (1 if repeated else w) * mu * np.einsum("ij,jk,ik->i", z, bread, z)
        cov = bread if error == "model" else sandwich(scores, bread, groups, n, error, leverage, w if repeated else None)
        std = np.sqrt(np.diag(back @ cov @ back.T))
        if error == "cluster" and kind == "none":
            theirs = sm.Poisson(y, x, exposure=e).fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
            np.testing.assert_allclose(std, theirs.bse, rtol=1e-6)
        case = (name, "poisson", kind, error)
        for what, value in [
            ("estimate", back @ b), ("std_error", std), ("statistic", back @ b / std),
            ("p_value", 2 * norm.sf(np.abs(back @ b / std))), ("log_likelihood", likelihood(mu)),
            ("null_log_likelihood", likelihood(e * np.sum(w * y) / np.sum(w * e))),
            ("deviance", own.deviance), ("pearson", np.sum(w * (y - mu) ** 2 / mu)),
            ("dispersion", np.sum(w * (y - mu) ** 2 / mu) / (n - len(b))),
        ]:
            emit(case, what, value)
        if kind in ("none", "frequency"):
            times = (w if repeated else np.ones(len(y))).astype(int)
            response = ((((y - mu) ** 2 - y) / mu)).repeat(times)
            for form, g in [("linear", np.ones(len(y))), ("quadratic", mu)]:
                test = sm.OLS(response, g.repeat(times)).fit()
                emit(case, form, [test.params[0], test.tvalues[0], norm.sf(test.tvalues[0])])


def negative_binomial(name, x, y, exposure=None, times=None, groups=None, check=True):
    kind = "none" if times is None else "frequency"
    if times is not None:
        t = times.astype(int)
        x, y = x.repeat(t, 0), y.repeat(t)
        exposure = None if exposure is None else exposure.repeat(t)
        groups = None if groups is None else groups.repeat(t)
    e = np.ones(len(y)) if exposure is None else exposure
    x = sm.add_constant(x, has_constant="add")

    def fit(x):
        mean, scale = x[:, 1:].mean(0), x[:, 1:].std(0)
        z = np.column_stack([np.ones(len(y)), (x[:, 1:] - mean) / scale])
        model = sm.NegativeBinomial(y, z, loglike_method="nb2", exposure=e)
        start = np.append(sm.GLM(y, z, family=sm.families.Poisson(), exposure=e).fit().params, 1.0)
        p = model.fit(start, disp=0, method="bfgs", maxiter=200, gtol=1e-6).params
        model._transparams = False
        for _ in range(10):
            p = p - np.linalg.solve(model.hessian(p), model.score(p))
        assert np.abs(model.score(p)).max() < 1e-6 * len(y)
        back = np.diag(np.append(np.append(1, 1 / scale), 1))
        back[0, 1:-1] = -mean / scale
        return model, z, p, back

    model, z, p, back = fit(x)
    bread = np.linalg.inv(-model.hessian(p))
    mu, alpha = e * np.exp(z @ p[:-1]), p[-1]
    null, _, q, _ = fit(x[:, :1])
    plain = sm.Poisson(y, x, exposure=e).fit(disp=0, tol=1e-13, maxiter=200)
    working = mu / (1 + alpha * mu)
    leverage = working * np.einsum("ij,jk,ik->i", z, np.linalg.inv(z.T @ (z * working[:, None])), z)
    own = np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0)
    deviance = 2 * np.sum(own - (y + 1 / alpha) * np.log((1 + alpha * y) / (1 + alpha * mu)))
    pearson = np.sum((y - mu) ** 2 / (mu + alpha * mu**2))
    for error in ("model", "hc1", "hc3") + (("cluster",) if groups is not None else ()):
        cov = bread if error == "model" else sandwich(model.score_obs(p), bread, groups, len(y), error, leverage)
        std = np.sqrt(np.diag(back @ cov @ back.T))
        if check and kind == "none" and error in ("model", "cluster"):
            options = {} if error == "model" else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
            theirs = sm.NegativeBinomial(y, x, loglike_method="nb2", exposure=e).fit(
                disp=0, method="bfgs", start_params=back @ p, maxiter=1000, gtol=1e-8, **options)
            np.testing.assert_allclose(std, theirs.bse, rtol=2e-3)
        ratio = 2 * (model.loglike(p) - plain.llf)
        case = (name, "negative_binomial", kind, error)
        for what, value in [
            ("estimate", back @ p), ("std_error", std), ("log_likelihood", model.loglike(p)),
            ("null_log_likelihood", null.loglike(q)), ("deviance", deviance), ("pearson", pearson),
            ("alpha", [alpha, std[-1]]), ("ratio", [ratio, chi2.sf(ratio, 1) / 2]),
            ("aic", 2 * len(p) - 2 * model.loglike(p)), ("bic", np.log(len(y)) * len(p) - 2 * model.loglike(p)),
        ]:
            emit(case, what, value)


x, plain, exposed, exposure, weights, groups = formula_data(400)
poisson("formula", x, plain, groups=groups)
poisson("exposed", x, exposed, exposure, groups=groups)
for kind in ["precision", "frequency"]:
    poisson("exposed", x, exposed, exposure, weights, kind, groups)
poisson("exposed", x, exposed, exposure, weights, "sampling", groups, errors=("hc1",))
negative_binomial("formula", x, plain, groups=groups)
negative_binomial("exposed", x, exposed, exposure, groups=groups)
negative_binomial("exposed", x, exposed, exposure, weights, groups)

# Breaks of yarn (Tippett 1950; R's `warpbreaks`), by wool and tension.
breaks = np.array([
    26, 30, 54, 25, 70, 52, 51, 26, 67, 18, 21, 29, 17, 12, 18, 35, 30, 36, 36, 21, 24, 18, 10, 43, 28, 15, 26,
    27, 14, 29, 19, 29, 31, 41, 20, 44, 42, 26, 19, 16, 39, 28, 21, 39, 29, 20, 21, 24, 17, 13, 15, 15, 16, 28.0])
r = np.arange(54)
cells = np.column_stack([r >= 27, r // 9 % 3 == 1, r // 9 % 3 == 2]).astype(float)
poisson("warpbreaks", cells, breaks)
negative_binomial("warpbreaks", cells, breaks)

# Executions by state (Gill 2001; statsmodels' `cpunish`).
punish = sm.datasets.cpunish.load_pandas()
columns = punish.exog.to_numpy()[:, [0, 1, 2, 5]]
poisson("cpunish", columns, punish.endog.to_numpy())

if len(sys.argv) > 1:
    services = pd.read_csv(os.path.join(sys.argv[1], "Telco_customer_churn_services.csv"))
    columns = services[["Monthly Charge", "Avg Monthly GB Download", "Total Refunds"]].to_numpy(float)
    referrals, months = services["Number of Referrals"].to_numpy(float), services["Tenure in Months"].to_numpy(float)
    poisson("telco", columns, referrals, months)
    # Columns of such different scales stop the general optimiser.
    negative_binomial("telco", columns, referrals, months, check=False)
