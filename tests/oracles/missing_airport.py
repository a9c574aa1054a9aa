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
print("rows", len(y), "complete", complete.sum())
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
