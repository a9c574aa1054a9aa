"""Expected values of src/estimators/missing, by numpy, scipy and pandas, each by another way than the engine's.

    python3 tests/oracles/missing_reference.py > tests/oracles/missing_reference.txt

EM runs row by row; standard errors come from numeric derivatives of the observed-data likelihood; pairwise moments are
pandas's, and their standard errors numeric derivatives in the weights of the rows. A line is: case, what, values.
"""
import numpy as np
import pandas as pd
from scipy.stats import chi2, multivariate_normal

M = 2147483647
N = 240


def wave(row, column):
    state = (row * 7919 + column * 104729 + 12345) % M
    for _ in range(3):
        state = (state * state % M + 48271 * state + 11) % M
    return state / M - 0.5


def formula_gaps(n):
    """Columns 0-2 are features, column 3 the outcome; x1 is missing more often where the outcome is high."""
    w = np.array([[wave(r, c) for c in range(13)] for r in range(n)])
    x0 = 5 + 4 * w[:, 0]
    x1 = 100 + 30 * w[:, 0] + 40 * w[:, 1]
    x2 = 2 + 3 * w[:, 2] + 2 * w[:, 0]
    y = 1 + 0.5 * x0 - 0.02 * x1 + 0.4 * x2 + 2 * w[:, 3] * (0.5 + 0.2 * x0)
    z = np.column_stack([x0, x1, x2, y])
    z[w[:, 10] > 0.35, 0] = np.nan
    z[(w[:, 11] > 0.2) | ((y > 2.5) & (w[:, 11] > -0.2)), 1] = np.nan
    z[w[:, 12] > 0.2, 2] = np.nan
    r = np.arange(n)
    return z, (r % 4).astype(float), (r * r + r // 3) % 17


def emit(case, what, values):
    print(case, what, *[repr(float(v)) for v in np.atleast_1d(values).ravel()])


def em(z, w):
    mu = np.nanmean(z, axis=0)
    sigma = np.diag(np.nanvar(z, axis=0))
    for _ in range(100000):
        s1, s2 = np.zeros(4), np.zeros((4, 4))
        for row, weight in zip(z, w):
            o = ~np.isnan(row)
            full, left = row.copy(), np.zeros((4, 4))
            if not o.all():
                b = np.linalg.solve(sigma[np.ix_(o, o)], sigma[np.ix_(o, ~o)]).T
                full[~o] = mu[~o] + b @ (row[o] - mu[o])
                left[np.ix_(~o, ~o)] = sigma[np.ix_(~o, ~o)] - b @ sigma[np.ix_(o, ~o)]
            s1 += weight * full
            s2 += weight * (np.outer(full, full) + left)
        new_mu = s1 / w.sum()
        new_sigma = s2 / w.sum() - np.outer(new_mu, new_mu)
        change = max(abs(new_mu - mu).max(), (abs(new_sigma - sigma) / np.sqrt(np.outer(np.diag(sigma), np.diag(sigma)))).max())
        mu, sigma = new_mu, new_sigma
        if change < 1e-13:
            return mu, sigma
    raise SystemExit("em did not converge")


IDX = [(i, j) for i in range(4) for j in range(i + 1)]


def unpack(theta):
    sigma = np.zeros((4, 4))
    for value, (i, j) in zip(theta[4:], IDX):
        sigma[i, j] = sigma[j, i] = value
    return theta[:4], sigma


def row_likelihoods(theta, z):
    mu, sigma = unpack(theta)
    out = np.zeros(len(z))
    keys = (~np.isnan(z)) @ (1 << np.arange(4))
    for key in np.unique(keys):
        rows = keys == key
        o = np.array([key >> i & 1 == 1 for i in range(4)])
        out[rows] = multivariate_normal(mu[o], sigma[np.ix_(o, o)]).logpdf(z[rows][:, o])
    return out


def coefficients(theta):
    mu, sigma = unpack(theta)
    beta = np.linalg.solve(sigma[:3, :3], sigma[:3, 3])
    return np.concatenate([[mu[3] - beta @ mu[:3]], beta])


def gradient(f, theta, step):
    rows = []
    for i in range(len(theta)):
        h = np.zeros(len(theta))
        h[i] = step[i]
        rows.append((-f(theta + 2 * h) + 8 * f(theta + h) - 8 * f(theta - h) + f(theta - 2 * h)) / (12 * step[i]))
    return np.array(rows)


def sandwich(psi, squared_weight):
    return psi.T @ (psi * squared_weight[:, None])


def em_case(case, z, w, groups, repeated):
    mu, sigma = em(z, w)
    theta = np.concatenate([mu, [sigma[i, j] for i, j in IDX]])
    emit(case, "mean", mu)
    emit(case, "covariance", sigma)
    emit(case, "log_likelihood", w @ row_likelihoods(theta, z))
    b = coefficients(theta)
    emit(case, "estimate", b)
    emit(case, "r_squared", b[1:] @ sigma[:3, 3] / sigma[3, 3])
    sd = np.sqrt(np.diag(sigma))
    step = np.concatenate([sd, [sd[i] * sd[j] for i, j in IDX]]) * 2e-3
    total = lambda t: gradient(lambda u: w @ row_likelihoods(u, z), t, step)
    information = -gradient(total, theta, step)
    information = (information + information.T) / 2
    jacobian = gradient(coefficients, theta, step).T
    n, k = w.sum(), 4
    covariance = jacobian @ np.linalg.inv(information) @ jacobian.T
    emit(case, "model_std_error", np.sqrt(np.diag(covariance) * n / (n - k)))
    scores = gradient(lambda u: row_likelihoods(u, z), theta, step).T
    psi = scores @ np.linalg.inv(information) @ jacobian.T
    squared = w if repeated else w * w
    emit(case, "hc1_std_error", np.sqrt(np.diag(sandwich(psi, squared)) * n / (n - k)))
    s = pd.DataFrame(psi * w[:, None]).groupby(groups).sum().to_numpy()
    emit(case, "cluster_std_error", np.sqrt(np.diag(s.T @ s) * len(s) / (len(s) - 1) * (n - 1) / (n - k)))


def pairwise(z, w):
    """Means of the values there are and pairwise covariances, divisor n - 1 of rows with both."""
    cov = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            o = ~np.isnan(z[:, i]) & ~np.isnan(z[:, j])
            v, a, b = w[o], z[o, i], z[o, j]
            da, db = a - v @ a / v.sum(), b - v @ b / v.sum()
            cov[i, j] = v @ (da * db) / v.sum() * o.sum() / (o.sum() - 1)
    mean = np.array([w[~np.isnan(c)] @ c[~np.isnan(c)] / w[~np.isnan(c)].sum() for c in z.T])
    return mean, cov


def pairwise_coefficients(z, w):
    mean, cov = pairwise(z, w)
    beta = np.linalg.solve(cov[:3, :3], cov[:3, 3])
    return np.concatenate([[mean[3] - beta @ mean[:3]], beta])


def pairwise_case(case, z, groups):
    w = np.ones(len(z))
    cov = pd.DataFrame(z).cov().to_numpy()
    assert np.allclose(cov, pairwise(z, w)[1])
    emit(case, "covariance", cov)
    emit(case, "estimate", pairwise_coefficients(z, w))
    o = ~np.isnan(z)
    n_pairs = np.array([(o[:, i] & o[:, j]).sum() for i in range(4) for j in range(i)])
    emit(case, "n_pairs", [n_pairs.min(), np.median(n_pairs)])
    sd = np.sqrt(np.diag(cov))
    emit(case, "smallest_eigenvalue", np.linalg.eigvalsh(cov / np.outer(sd, sd))[0])
    psi = gradient(lambda v: pairwise_coefficients(z, v), w, np.full(len(z), 1e-3))
    n, k = n_pairs.min(), 4
    emit(case, "hc1_std_error", np.sqrt(np.diag(psi.T @ psi) * n / (n - k)))
    s = pd.DataFrame(psi).groupby(groups).sum().to_numpy()
    emit(case, "cluster_std_error", np.sqrt(np.diag(s.T @ s) * len(s) / (len(s) - 1) * (n - 1) / (n - k)))


def little(case, z):
    mu, sigma = em(z, np.ones(len(z)))
    sigma = sigma * len(z) / (len(z) - 1)
    keys = (~np.isnan(z)) @ (1 << np.arange(4))
    d2, df = 0.0, -4
    for key in np.unique(keys):
        o = np.array([key >> i & 1 == 1 for i in range(4)])
        rows = z[keys == key][:, o]
        apart = rows.mean(axis=0) - mu[o]
        d2 += len(rows) * apart @ np.linalg.solve(sigma[np.ix_(o, o)], apart)
        df += o.sum()
    emit(case, "little", [d2, df, chi2.sf(d2, df), len(np.unique(keys))])


if __name__ == "__main__":
    z, weights, groups = formula_gaps(N)
    em_case("em", z, np.ones(N), groups, False)
    keep = weights > 0
    em_case("em_frequency", z[keep], weights[keep], groups[keep], True)
    pairwise_case("pairwise", z, groups)
    little("little", z)
