"""Expected p-values of tests/core/correlations.rs: how often a driver of normal noise does as well as a weak driver.

    python3 tests/oracles/drivers_noise.py

Prints 0.6496 for 100 rows and 0.0012 for 3,600; contributions are means over all orders.
"""
import itertools

import numpy as np

R = np.array([[1, 0, 0.6], [0, 1, 0.05], [0.6, 0.05, 1]])  # x0, x1, y
DRAWS = 6000


def p_value(rng, n_rows):
    values, vectors = np.linalg.eigh(R)
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    reached = 0
    for _ in range(DRAWS):
        # Correlations of a random direction among n_rows - 1 with the three columns.
        direction = rng.standard_normal(3)
        noise = root @ direction / np.sqrt(direction @ direction + rng.chisquare(n_rows - 4))
        c = np.eye(4)  # x0, x1, noise, y
        c[3, :2] = c[:2, 3] = R[:2, 2]
        c[2, :2] = c[:2, 2] = noise[:2]
        c[2, 3] = c[3, 2] = noise[2]

        def explained(drivers):
            return c[3, drivers] @ np.linalg.solve(c[np.ix_(drivers, drivers)], c[drivers, 3]) if drivers else 0.0

        shares = np.zeros(3)
        for order in itertools.permutations(range(3)):
            for place, driver in enumerate(order):
                shares[driver] += explained(list(order[: place + 1])) - explained(list(order[:place]))
        reached += shares[2] >= shares[1]
    return (1 + reached) / (1 + DRAWS)


rng = np.random.default_rng(1)
for n_rows in (100, 3600):
    print(n_rows, round(p_value(rng, n_rows), 4))
