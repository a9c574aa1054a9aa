"""Expected values of src/estimators/buy_till_you_die and src/stats/special.rs, by mpmath.

    python3 tests/oracles/buy_till_you_die_reference.py > tests/oracles/buy_till_you_die_reference.txt

A line is: what, arguments, values. Fader, Hardie and Lee (2005), Marketing Science 24(2), for BG/NBD; Fader and Hardie
(2013), "The Gamma-Gamma model of monetary value", note 025 at brucehardie.com, for Gamma-Gamma.
"""
from mpmath import beta, exp, gamma, hyp2f1, loggamma, log, mp, mpf, psi, quad

mp.dps = 60


def emit(what, arguments, *values):
    print(what, *[repr(float(a)) for a in arguments], *[mp.nstr(v, 17) for v in values])


for z in [1e-8, 0.25, 1, 1.5, 3, 11.9, 40, 1e6]:
    emit("digamma_trigamma", [z], psi(0, mpf(z)), psi(1, mpf(z)))

for z, n in [(1e-6, 1), (0.25, 3), (0.8, 2.5), (5, 1e-3), (11.5, 400), (70, 70), (1e5, 3), (1e10, 25), (0.3, 1e6)]:
    z, n = mpf(z), mpf(n)
    emit("ln_rising", [z, n], loggamma(z + n) - loggamma(z), psi(0, z + n) - psi(0, z), psi(1, z + n) - psi(1, z))


def while_alive(m, rate, a, b, t):
    """Expected purchases in t of a customer who is alive: equation 10 without the probability of being alive."""
    z = t / (rate + t)
    return (a + b - 1) / (a - 1) * (1 - (rate / (rate + t)) ** m * hyp2f1(m, b, a + b - 1, z))


for arguments in [
    (2.243, 43.274, 0.793, 4.426, 39), (0.243, 4.414, 0.793, 2.426, 52), (0.25, 4.5, 1 + 1e-9, 3, 52),
    (0.25, 4.5, 0.3, 0.4, 52), (0.7, 0.001, 0.6, 2.5, 520), (3, 1e-4, 2.5, 0.7, 1e4), (301, 60, 0.8, 303, 39),
    (5000.5, 40, 1.4, 5000, 10), (1.2, 30, 1e-5, 4, 20), (1.2, 1e-3, 1e-4, 4, 20), (2, 10, 1e4, 3e4, 1e3),
    (1.5, 2, 60, 1e5, 2000), (0.02, 5, 0.9, 2, 1e6), (40.5, 0.5, 3.5, 41, 400), (1e4, 1e4, 0.5, 1.5, 3),
    (3, 10, 0.8, 2, 1e-9),
]:
    arguments = [mpf(v) for v in arguments]
    emit("while_alive", arguments, while_alive(*arguments))

PAPER = [mpf(v) for v in ("0.243", "4.414", "0.793", "2.426")]


def likelihood(r, alpha, a, b, x, t_x, age):
    first = beta(a, b + x) / beta(a, b) * gamma(r + x) * alpha**r / (gamma(r) * (alpha + age) ** (r + x))
    if x == 0:
        return first, first
    return first, first + beta(a + 1, b + x - 1) / beta(a, b) * gamma(r + x) * alpha**r / (
        gamma(r) * (alpha + t_x) ** (r + x))


for parameters in [PAPER, [mpf(3), mpf(20), mpf("0.05"), mpf(40)]]:
    for x, t_x, age in [(0, 0, "38.86"), (1, "1.71", "38.86"), (2, "30.43", "38.86"), (26, "35.5", "36"), (1, 5, 5)]:
        history = [mpf(x), mpf(t_x), mpf(age)]
        alive, both = likelihood(*parameters, *history)
        r, alpha, a, b = parameters
        t = mpf(39)
        expected = alive / both * while_alive(r + x, alpha + history[2], a, b + x, t)
        again = alive / both * (1 - ((alpha + history[2]) / (alpha + history[2] + t)) ** (r + x))
        emit("history", [*parameters, *history, t], log(both), alive / both, expected, again)

# The first numbers of repeat purchases, integrated over the rate and the chance to leave instead of by equation 8.
mp.dps = 20
r, alpha, a, b = PAPER
t = mpf(30)
# Over u = l^r, as the density of the rate l is infinite at zero.
over_rates = lambda f: quad(
    lambda u: alpha**r * exp(-alpha * u ** (1 / r)) / gamma(r + 1) * f(u ** (1 / r)), [0, 0.5, 1, 1.5, 2, 3])
dropout_moment = lambda i, j: beta(a + i, b + j) / beta(a, b)  # E[p^i (1 - p)^j]
for x in range(4):
    poisson = lambda l, n: exp(-l * t) * (l * t) ** n / gamma(n + 1)
    exactly = over_rates(lambda l: poisson(l, x))
    at_least = 1 - sum(over_rates(lambda l: poisson(l, n)) for n in range(x))
    left = dropout_moment(1, x - 1) * at_least if x > 0 else 0
    emit("new_customer_probability", [*PAPER, t, x], dropout_moment(0, x) * exactly + left)
mp.dps = 60

SPEND = [mpf(v) for v in ("6.25", "3.74", "15.44")]
for p, q, g in [SPEND, [mpf(1), mpf(40), mpf(900)]]:
    for x, value in [(1, "11.77"), (2, "22.35"), (9, "104.5"), (400, "0.5")]:
        x, value = mpf(x), mpf(value)
        density = (
            loggamma(p * x + q) - loggamma(p * x) - loggamma(q) + q * log(g) + (p * x - 1) * log(value)
            + p * x * log(x) - (p * x + q) * log(g + x * value))
        emit("spend", [p, q, g, x, value], density, p * (g + x * value) / (p * x + q - 1))
