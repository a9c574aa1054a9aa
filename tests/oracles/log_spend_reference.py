"""Expected logarithm of one and what a customer will spend, for src/estimators/buy_till_you_die/log_spend.rs, by mpmath.

    python3 tests/oracles/log_spend_reference.py > tests/oracles/log_spend_reference.txt

Nothing is taken from closed forms: the number of purchases is a mean over rates of Poisson probabilities and chances to leave,
the amount a mean over levels of gamma densities, each by numerical integration (Fader, Hardie and Lee 2005 for BG/NBD; Fader and
Hardie 2013 for Gamma-Gamma).

A line is: what, arguments, value.
"""
from mpmath import beta, exp, factorial, gamma, gammainc, inf, log, mp, mpf, quad

mp.dps = 20


def p_alive(r, alpha, a, b, x, t_x, age):
    if x == 0:
        return mpf(1)
    return 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))


def count(n, r, alpha, a, b, x, age, t):
    """Probability of n purchases in t of a customer who is alive."""
    stays = lambda k: beta(a, b + x + k) / beta(a, b + x)
    leaves_at = lambda k: beta(a + 1, b + x + k - 1) / beta(a, b + x)
    shape, rate = r + x, alpha + age

    def at(rate_of_buying):
        mean = rate_of_buying * t
        density = rate**shape * rate_of_buying ** (shape - 1) * exp(-rate * rate_of_buying) / gamma(shape)
        exactly = mean**n * exp(-mean) / factorial(n)
        at_least = gammainc(n, 0, mean, regularized=True) if n > 0 else mpf(1)
        return density * (stays(n) * exactly + (leaves_at(n) * at_least if n > 0 else 0))

    middle = shape / rate
    return quad(at, [0, middle / 4, middle, 3 * middle, 10 * middle, 40 * middle, inf])


def ln_spent(n, p, q, scale, x, mean_value):
    """Expected ln (1 + sum of n values), the level of the customer being gamma with shape q + p x and rate scale + x z."""
    shape, rate = q + p * x, scale + x * mean_value

    def given(level):
        def at(spent):
            return level ** (p * n) * spent ** (p * n - 1) * exp(-level * spent) / gamma(p * n) * log(1 + spent)
        middle = p * n / level
        return quad(at, [0, middle / 8, middle / 2, middle, 2 * middle, 5 * middle, 20 * middle, inf])

    def over(level):
        return rate**shape * level ** (shape - 1) * exp(-rate * level) / gamma(shape) * given(level)

    middle = shape / rate
    return quad(over, [middle / 100, middle / 4, middle / 2, middle, 2 * middle, 4 * middle, 12 * middle], maxdegree=5)


CASES = [
    # r, alpha, a, b; p, q, gamma; x, t_x, T, mean value; t; terms
    ("0.243", "4.414", "0.793", "2.426", "6.25", "3.74", "15.44", 0, 0, "38.86", 0, 39, 14),
    ("0.243", "4.414", "0.793", "2.426", "6.25", "3.74", "15.44", 2, "30.43", "38.86", "22.35", 39, 22),
    ("2.5", "60", "0.4", "3", "1.5", "2.2", "0.3", 3, "40", "50", "0.8", 20, 16),
]
for case in CASES:
    *arguments, terms = case
    r, alpha, a, b, p, q, scale, x, t_x, age, value, t = [mpf(v) for v in arguments]
    for n in (1, 4):
        print("ln_spent", *[float(v) for v in (p, q, scale, x, value)], n, mp.nstr(ln_spent(n, p, q, scale, x, value), 12))
    alive = p_alive(r, alpha, a, b, x, t_x, age)
    shares = [count(n, r, alpha, a, b, x, age, t) for n in range(4)]
    for n, share in enumerate(shares):
        whole = alive * share + (1 - alive if n == 0 else 0)
        print("count", *[float(v) for v in (r, alpha, a, b, x, t_x, age, t)], n, mp.nstr(whole, 12))
