"""Expected values of src/estimators/evaluation and src/estimators/calibration.

    python3 tests/oracles/evaluation_reference.py > tests/oracles/evaluation_reference.txt

By scikit-learn, scipy and statsmodels; DeLong, Obuchowski and Newcombe from their formulas over all pairs.
A line is: what, values.
"""
import numpy as np
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq
from sklearn import metrics
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.isotonic import IsotonicRegression

N = 400
M = 2147483647


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def emit(what, *values):
    print(what, *[repr(float(v)) for v in np.concatenate([np.atleast_1d(v) for v in values])])


w = np.array([[wave(r, c) for c in range(5)] for r in range(N)]) + 0.5
# Probabilities with ties, and a second model with fewer.
p = np.round(0.05 + 0.9 * w[:, 0], 2)
q = np.round(0.4 * p + 0.5 * w[:, 3] + 0.05, 3)
y = (w[:, 1] < 0.2 + 0.6 * p).astype(float)
weights = np.floor(1 + 3 * w[:, 2]) * 0.5
groups = (np.arange(N) * 7) % 150

for name, sw in [("plain", None), ("weighted", weights)]:
    emit(f"roc_auc:{name}", metrics.roc_auc_score(y, p, sample_weight=sw))
    emit(f"average_precision:{name}", metrics.average_precision_score(y, p, sample_weight=sw))
    emit(f"log_loss:{name}", metrics.log_loss(y, p, sample_weight=sw))
    emit(f"brier:{name}", metrics.brier_score_loss(y, p, sample_weight=sw))
    number = 5 * p + w[:, 4]
    emit(f"rmse:{name}", metrics.root_mean_squared_error(number, 5 * q, sample_weight=sw))
    emit(f"mae:{name}", metrics.mean_absolute_error(number, 5 * q, sample_weight=sw))
    emit(f"r_squared:{name}", metrics.r2_score(number, 5 * q, sample_weight=sw))
    count = np.floor(6 * p * w[:, 4])
    emit(f"poisson_deviance:{name}", metrics.mean_poisson_deviance(count, 3 * p, sample_weight=sw))
emit("kolmogorov_smirnov:plain", stats.ks_2samp(p[y > 0], p[y < 1]).statistic)
emit("spearman:plain", stats.spearmanr(5 * p + w[:, 4], 5 * q).statistic)

# Ordered levels: log loss by scikit-learn, the ranked probability score as the mean over thresholds of Brier scores.
raw = np.column_stack([p, q, w[:, 4] + 0.1, w[:, 2] + 0.2])
levels = np.floor(4 * w[:, 1]).astype(int)
probabilities = raw / raw.sum(axis=1, keepdims=True)
emit("level_log_loss", metrics.log_loss(levels, probabilities))
below = np.cumsum(probabilities, axis=1)[:, :3]
emit("ranked_probability_score", np.mean([metrics.brier_score_loss(levels <= k, np.clip(below[:, k], 0, 1)) for k in range(3)]))


# DeLong over all pairs: psi of each pair, placements as its means, covariances of the placements.
def placements(score):
    x, z = score[y > 0], score[y < 1]
    psi = (x[:, None] > z[None, :]) + 0.5 * (x[:, None] == z[None, :])
    return psi.mean(axis=1), psi.mean(axis=0), psi.mean()


v = [placements(p), placements(q)]
s10, s01 = np.cov([v[0][0], v[1][0]]), np.cov([v[0][1], v[1][1]])
covariance = s10 / (y > 0).sum() + s01 / (y < 1).sum()
auc, std_error = v[0][2], np.sqrt(covariance[0, 0])
z = stats.norm.ppf(0.975)
emit("delong", auc, std_error, auc - z * std_error, auc + z * std_error)
logit, half = np.log(auc / (1 - auc)), z * std_error / (auc * (1 - auc))
emit("delong_logit", 1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit)))
difference = v[1][2] - v[0][2]
error = np.sqrt(np.array([-1, 1]) @ covariance @ np.array([-1, 1]))
emit("delong_paired", difference, error, difference / error, 2 * stats.norm.sf(abs(difference / error)))


# Obuchowski (1997): placements summed by cluster, the covariance of both models at once.
def by_cluster(values, which):
    return np.array([values[which == g].sum() for g in np.unique(groups)])


def obuchowski(i, j):
    m, n = (y > 0).sum(), (y < 1).sum()
    g1, g0, all_groups = groups[y > 0], groups[y < 1], np.unique(groups)
    a = [by_cluster(v[k][0] - v[k][2], g1) for k in (i, j)]
    b = [by_cluster(v[k][1] - v[k][2], g0) for k in (i, j)]
    i10, i01, total = len(np.unique(g1)), len(np.unique(g0)), len(all_groups)
    s10, s01 = i10 / (i10 - 1) * a[0] @ a[1] / m, i01 / (i01 - 1) * b[0] @ b[1] / n
    s11, s11_other = total / (total - 1) * a[0] @ b[1], total / (total - 1) * a[1] @ b[0]
    return s10 / m + s01 / n + (s11 + s11_other) / (m * n)


emit("obuchowski", np.sqrt(obuchowski(0, 0)), np.sqrt(obuchowski(1, 1) + obuchowski(0, 0) - 2 * obuchowski(0, 1)))


# Newcombe's interval of an area of 1 with 12 and 30 rows, and of 0.
def newcombe(area, m, n, end):
    spread = lambda t: t * (1 - t) * (1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)
    inside = lambda t: (area - t) ** 2 - z * z * spread(t)
    return brentq(inside, *((1e-9, area - 1e-12) if end == "low" else (area + 1e-12, 1 - 1e-9)), xtol=1e-14)


emit("newcombe", newcombe(1.0, 12, 30, "low"), newcombe(0.0, 12, 30, "high"))

# Calibration: slope by a logistic fit on the log odds, intercept with them as offset.
log_odds = np.log(p / (1 - p))
slope = sm.Logit(y, sm.add_constant(log_odds)).fit(disp=0, tol=1e-14, maxiter=100)
offset = sm.GLM(y, np.ones((N, 1)), sm.families.Binomial(), offset=log_odds).fit(tol=1e-14)
emit("recalibration", offset.params, offset.bse, slope.params[1], slope.bse[1], slope.params[0])
robust = {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
slope = sm.Logit(y, sm.add_constant(log_odds)).fit(disp=0, tol=1e-14, maxiter=100, **robust)
offset = sm.GLM(y, np.ones((N, 1)), sm.families.Binomial(), offset=log_odds).fit(tol=1e-14, **robust)
emit("recalibration_clustered", offset.bse, slope.bse[1])

observed, predicted = calibration_curve(y, p, n_bins=7, strategy="uniform")
emit("curve_uniform_observed", observed)
emit("curve_uniform_predicted", predicted)

# Calibration methods on a third of the rows, applied to the others and beyond.
fit, rest = np.arange(N) % 3 == 0, np.arange(N) % 3 != 0
at = np.concatenate([p[rest][:40], [0.0, 1.0, 0.123, 0.555]])
for name, sw in [("plain", None), ("weighted", weights[fit])]:
    emit(f"isotonic:{name}", IsotonicRegression(out_of_bounds="clip").fit(p[fit], y[fit], sample_weight=sw).predict(at))
    # scikit-learn stops at a gradient of 1e-6; the same likelihood by iteratively reweighted least squares goes further.
    ws = np.ones(fit.sum()) if sw is None else sw
    n1, n0 = ws[y[fit] > 0].sum(), ws[y[fit] < 1].sum()
    target = np.where(y[fit] > 0, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    glm = sm.GLM(target, sm.add_constant(p[fit]), sm.families.Binomial(), freq_weights=ws).fit(tol=1e-14, maxiter=200)
    emit(f"sigmoid:{name}", glm.params)
    emit(f"sigmoid_sklearn:{name}", _SigmoidCalibration().fit(p[fit], y[fit], sample_weight=sw).predict(at))
