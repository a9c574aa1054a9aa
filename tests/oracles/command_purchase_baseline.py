"""Expected figures of tests/command/purchases.rs: BG/NBD and Gamma-Gamma by scipy, on the same simulated shop.

BG/NBD: Fader, Hardie and Lee (2005), equations 6 and 10; Gamma-Gamma: Fader and Hardie (2013).
"""
import math
from collections import defaultdict

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1
from scipy.stats import betaprime, nbinom

DAY = 86_400


class Draws:
    """Knuth's MMIX generator, as in the test."""

    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53


def shop():
    draws, orders, answers = Draws(7), [], []
    for customer in range(500):
        gap, leave = [12.0, 40.0, 120.0, 300.0][customer % 4], [0.02, 0.05, 0.3][customer // 4 % 3]
        level = 5.0 + 40.0 * draws.next()
        day = 200.0 * draws.next()
        first = day
        while day < 800.0:
            orders.append((customer, int(day * DAY), float(f"{level * (0.5 + draws.next()):.2f}")))
            if draws.next() < leave:
                break
            day -= gap * math.log(1.0 - draws.next())
        draws.next(), draws.next()
        answers.append((customer, int((first + 20.0 + (680.0 - first) * draws.next()) * DAY)))
    return orders, answers


def record(orders, at):
    """Repeat occasions, recency, age in days, and mean value of the repeat occasions before an instant in seconds."""
    days, n_lines = defaultdict(float), 0
    for second, value in orders:
        if second < at:
            days[second // DAY] += value
            n_lines += 1
    if not days:
        return None
    first, repeats = min(days), [days[day] for day in sorted(days)[1:]]
    age = (at - 1) // DAY - first
    return len(repeats), max(days) - first, age, (np.mean(repeats) if repeats else 0.0), n_lines


def bg_nbd(x, t_x, age):
    def loss(logs):
        r, alpha, a, b = np.exp(logs)
        first = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        alive = -(r + x) * np.log(alpha + age)
        left = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
        return -np.sum(first + np.logaddexp(alive, left))

    best = min((minimize(loss, start, method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-10, "fatol": 1e-10})
                for start in ([0, 3, -1, 1], [-1, 2, 0, 0])), key=lambda fit: fit.fun)
    return np.exp(best.x)


def gamma_gamma(x, z):
    def loss(logs):
        p, q, gamma = np.exp(logs)
        return -np.sum(gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
                       + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * z))

    return np.exp(minimize(loss, [1, 1, 3], method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-10, "fatol": 1e-10}).x)


GRID = np.linspace(-60.0, 60.0, 24_001)


def ln_spent(x, z, alive, n_max=400):
    """E ln (1 + spend): n is negative binomial cut short by leaving, the sum of n values scale times a beta-prime variable."""
    shape, rate = (q + p * x, gamma + x * z) if x and z > 0 else (q, gamma)
    n = np.arange(1, n_max + 1)
    counts = nbinom(r + x, (alpha + age) / (alpha + age + window))
    exactly, at_least = counts.pmf(n), counts.sf(n - 1)
    stays = np.exp(betaln(a, b + x + n) - betaln(a, b + x))
    leaves_with = np.exp(betaln(a + 1, b + x + n - 1) - betaln(a, b + x))
    shares = alive * (stays * exactly + leaves_with * at_least)
    total = 0.0
    for k in n[shares > 1e-15]:
        density = np.exp(betaprime(p * k, shape).logpdf(np.exp(GRID)) + GRID)
        total += shares[k - 1] * np.trapezoid(density * np.log1p(rate * np.exp(GRID)), GRID)
    return total


orders, answers = shop()
by_customer = defaultdict(list)
for customer, second, value in orders:
    by_customer[customer].append((second, value))
cut = (366 - 1 + 31 + 29) * DAY  # 2024-03-01 after 2023-01-01
known = [record(by_customer[customer], cut) for customer in range(500)]
known = [own for own in known if own]
x, t_x, age, z, lines = (np.array([own[place] for own in known], float) for place in range(5))
r, alpha, a, b = bg_nbd(x, t_x, age)
p, q, gamma = gamma_gamma(x[x > 0], z[x > 0])
per_occasion = lines.sum() / (x + 1).sum()
print("parameters", r, alpha, a, b, p, q, gamma, per_occasion)

window, end = 60, (366 + 365 - 1 + 31 + 29) * DAY  # as of the end of 2025-03-01
errors = defaultdict(list)
for customer, at in answers:
    if at < cut or at + window * DAY > end:
        continue
    x, t_x, age, z, _ = record(by_customer[customer], at)
    odds = a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x) if x else 0.0
    alive = 1 / (1 + odds)
    any_purchase = alive * (1 - ((alpha + age) / (alpha + age + window)) ** (r + x))
    expected = alive * (a + b + x - 1) / (a - 1) * (
        1 - ((alpha + age) / (alpha + age + window)) ** (r + x)
        * hyp2f1(r + x, b + x, a + b + x - 1, window / (alpha + age + window)))
    value = p * (gamma + x * z) / (p * x + q - 1) if x else p * gamma / (q - 1)
    later = [own for own in by_customer[customer] if at < own[0] <= at + window * DAY]
    n, spent = len(later), sum(own[1] for own in later)
    errors["brier"].append((any_purchase - (n > 0)) ** 2)
    mean = per_occasion * expected
    errors["poisson_deviance"].append(2 * ((n * math.log(n / mean) if n else 0.0) - n + mean))
    errors["spend"].append((expected * value - spent) ** 2)
    errors["log_spend"].append((ln_spent(x, z, alive) - math.log1p(spent)) ** 2)
print("rows", len(errors["brier"]))
print("brier", np.mean(errors["brier"]))
print("poisson_deviance", np.mean(errors["poisson_deviance"]))
print("rmse of spend", math.sqrt(np.mean(errors["spend"])))
print("rmse of ln (1 + spend)", math.sqrt(np.mean(errors["log_spend"])))
