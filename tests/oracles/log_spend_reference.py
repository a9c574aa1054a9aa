"""Expected logarithm of one and what a customer will spend, for src/estimators/buy_till_you_die/log_spend.rs, by scipy.

    python3 tests/oracles/log_spend_reference.py > tests/oracles/log_spend_reference.txt

Nothing is taken from closed forms: the number of purchases is a mean over rates of Poisson probabilities and over chances to
leave, the amount a mean over levels of gamma densities, each by numerical integration (Fader, Hardie and Lee 2005 for BG/NBD;
Fader and Hardie 2013 for Gamma-Gamma).

A line is: what, arguments, value.
"""
import numpy as np
from scipy import stats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(120)


def mean_over(distribution, of):
    """The mean of a function over a distribution, by Gauss and Legendre in the logarithm between extreme quantiles, cut in four."""
    ends = np.linspace(np.log(max(distribution.ppf(1e-15), 1e-60)), np.log(distribution.isf(1e-15)), 5)
    total = 0.0
    for low, high in zip(ends, ends[1:]):
        at = np.exp(low + (high - low) * (NODES + 1) / 2)
        density = distribution.pdf(at) * at * WEIGHTS * (high - low) / 2
        total += np.sum(density * of(at))
    return total


def p_alive(r, alpha, a, b, x, t_x, age):
    return 1.0 if x == 0 else 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))


def count(n, r, alpha, a, b, x, age, t):
    """Probability of n purchases in t of a customer who is alive."""
    chance = stats.beta(a, b + x)
    stays = chance.expect(lambda p: (1 - p) ** n)
    leaves_with = chance.expect(lambda p: p * (1 - p) ** (n - 1)) if n > 0 else 0.0

    def given(rate):
        counts = stats.poisson(rate * t)
        return stays * counts.pmf(n) + leaves_with * counts.sf(n - 1)

    return mean_over(stats.gamma(r + x, scale=1 / (alpha + age)), given)


def ln_spent(n, p, q, scale, x, mean_value):
    """Expected ln (1 + sum of n values); the rate of the values is gamma with shape q + p x and rate scale + x z."""
    # Values of the rate 1, over the rate.
    given = np.vectorize(lambda rate: mean_over(stats.gamma(p * n), lambda sum_of_values: np.log1p(sum_of_values / rate)))
    return mean_over(stats.gamma(q + p * x, scale=1 / (scale + x * mean_value)), given)


CASES = [
    # r, alpha, a, b; p, q, gamma; x, t_x, T, mean value; t
    (0.243, 4.414, 0.793, 2.426, 6.25, 3.74, 15.44, 0, 0.0, 38.86, 0.0, 39.0),
    (0.243, 4.414, 0.793, 2.426, 6.25, 3.74, 15.44, 2, 30.43, 38.86, 22.35, 39.0),
    (2.5, 60.0, 0.4, 3.0, 1.5, 2.2, 0.3, 3, 40.0, 50.0, 0.8, 20.0),
]
for r, alpha, a, b, p, q, scale, x, t_x, age, value, t in CASES:
    for n in (1, 4):
        print("ln_spent", p, q, scale, x, value, n, repr(float(ln_spent(n, p, q, scale, x, value))))
    alive = p_alive(r, alpha, a, b, x, t_x, age)
    for n in range(4):
        whole = alive * count(n, r, alpha, a, b, x, age, t) + (1 - alive if n == 0 else 0.0)
        print("count", r, alpha, a, b, x, t_x, age, t, n, repr(float(whole)))
