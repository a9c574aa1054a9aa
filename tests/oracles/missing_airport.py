"""Expected values of tests/core/missing.rs: the airport survey of 2017 (city of San Francisco, public domain).

    python3 tests/oracles/missing_airport.py 2017_SFO_Customer_Survey.csv

Touchpoints are 1 to 5, everything else is missing; 11 is a blank answer to the recommend question. EM by an optimiser's
way of checking: plain em by pattern to 1e-12, no acceleration.
"""
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm

NAMES = ["Q7FOOD", "Q7SIGN", "Q7WIFI", "Q7PARK", "Q9RESTROOM"]
table = pd.read_csv(sys.argv[1], low_memory=False)
z = table[NAMES].apply(pd.to_numeric, errors="coerce")
z = z.where((z >= 1) & (z <= 5))
y = pd.to_numeric(table["NETPRO"], errors="coerce")
rows = y.between(0, 10)
z, y = z[rows], y[rows]
all_columns = np.column_stack([z.to_numpy(), y.to_numpy()])
complete = z.notna().all(axis=1)
print("rows", len(y), "complete", complete.sum(), "missing", z.isna().sum().to_dict())
ols = sm.OLS(y[complete], sm.add_constant(z[complete])).fit()
print("listwise", ols.params.tolist(), ols.bse.tolist())

cov = pd.DataFrame(all_columns).cov().to_numpy()
print("pairwise", np.linalg.solve(cov[:5, :5], cov[:5, 5]).tolist())

mu, sigma = np.nanmean(all_columns, axis=0), np.diag(np.nanvar(all_columns, axis=0))
keys = (~np.isnan(all_columns)) @ (1 << np.arange(6))
for _ in range(20000):
    s1, s2 = np.zeros(6), np.zeros((6, 6))
    for key in np.unique(keys):
        o = np.array([key >> i & 1 == 1 for i in range(6)])
        part = all_columns[keys == key].copy()
        left = np.zeros((6, 6))
        if not o.all():
            b = np.linalg.solve(sigma[np.ix_(o, o)], sigma[np.ix_(o, ~o)])
            part[:, ~o] = mu[~o] + (part[:, o] - mu[o]) @ b
            left[np.ix_(~o, ~o)] = sigma[np.ix_(~o, ~o)] - sigma[np.ix_(~o, o)] @ b
        s1 += part.sum(axis=0)
        s2 += part.T @ part + len(part) * left
    new_mu = s1 / len(y)
    new_sigma = s2 / len(y) - np.outer(new_mu, new_mu)
    change = max(abs(new_mu - mu).max(), abs(new_sigma - sigma).max())
    mu, sigma = new_mu, new_sigma
    if change < 1e-12:
        break
print("em", np.linalg.solve(sigma[:5, :5], sigma[:5, 5]).tolist(), "patterns", len(np.unique(keys)))

# Standard errors of em from numeric second derivatives of the observed-data log-likelihood, with n / (n - k).
IDX = [(i, j) for i in range(6) for j in range(i + 1)]


def unpack(theta):
    matrix = np.zeros((6, 6))
    for value, (i, j) in zip(theta[6:], IDX):
        matrix[i, j] = matrix[j, i] = value
    return theta[:6], matrix


def log_likelihood(theta):
    mean, matrix = unpack(theta)
    total = 0.0
    for key in np.unique(keys):
        o = np.array([key >> i & 1 == 1 for i in range(6)])
        part, block = all_columns[keys == key][:, o] - mean[o], matrix[np.ix_(o, o)]
        total -= 0.5 * (len(part) * np.linalg.slogdet(2 * np.pi * block)[1] + (part * np.linalg.solve(block, part.T).T).sum())
    return total


def slopes(theta):
    mean, matrix = unpack(theta)
    beta = np.linalg.solve(matrix[:5, :5], matrix[:5, 5])
    return np.concatenate([[mean[5] - beta @ mean[:5]], beta])


def gradient(f, theta, h=5e-3):
    steps = h * np.eye(len(theta))
    return np.array([(-f(theta + 2 * s) + 8 * f(theta + s) - 8 * f(theta - s) + f(theta - 2 * s)) / (12 * h) for s in steps])


theta = np.concatenate([mu, [sigma[i, j] for i, j in IDX]])
information = -gradient(lambda t: gradient(log_likelihood, t), theta)
jacobian = gradient(slopes, theta).T
covariance = jacobian @ np.linalg.inv(information) @ jacobian.T * len(y) / (len(y) - 6)
print("em std_error", np.sqrt(np.diag(covariance)).tolist())
