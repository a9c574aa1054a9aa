"""Expected values of what leads from drivers to actions (src/drivers), by numpy, scipy and statsmodels.

    python3 tests/oracles/actions_reference.py > tests/oracles/actions_reference.txt

The rows are made by the formula that src/drivers/action_reference_tests.rs repeats. A line is: case, what, values.
"""
import itertools
import math
import warnings

import numpy as np
import statsmodels.api as sm
from scipy import integrate, optimize, stats
from scipy.special import expit
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.tools.numdiff import approx_fprime_cs, approx_hess_cs

from missing_reference import emit, wave

warnings.simplefilter("ignore")
ROWS = 240


def score(row, driver):
    place = 0.5 + 0.5 * wave(row, 0) + 0.8 * wave(row, driver + 1)
    return math.floor(11 * min(max(place, 0.0), 0.999))


SCORES = np.array([[score(row, driver) for driver in range(3)] for row in range(ROWS)], float)
RECOMMEND = np.array([
    min(max(math.floor(0.5 * s[0] + 0.3 * s[1] + 0.1 * s[2] + 1 + 4 * wave(row, 9)), 0), 10)
    for row, s in enumerate(SCORES)
], float)
BUYS = np.array([
    float(0.1 * (s[0] - 5) + 0.3 * (RECOMMEND[row] - 5) + 6 * wave(row, 10) > 0) for row, s in enumerate(SCORES)
])
VISITS = np.array([float(math.floor(max(0.0, 1 + 0.2 * s[1] + 4 * wave(row, 11)))) for row, s in enumerate(SCORES)])
EXPECTED = np.array([
    [min(max(s[j] + math.floor(5 * wave(row, 12 + j) + 0.5), 0), 10) for j in range(3)] for row, s in enumerate(SCORES)
], float)
CUSTOMERS = np.arange(ROWS) // 2
WEIGHTS = (np.arange(ROWS) % 4).astype(float)


def clustered(y, x, weights=None):
    """Least squares with standard errors by customer and Student's t with G - 1."""
    used = np.ones(ROWS, bool) if weights is None else weights > 0
    own = np.ones(used.sum()) if weights is None else weights[used]
    fit = sm.WLS(y[used], x[used], weights=own).fit()
    robust = fit.get_robustcov_results("cluster", groups=CUSTOMERS[used], use_correction=True)
    return robust.params, robust.cov_params(), len(set(CUSTOMERS[used])) - 1


def tested(params, cov, df, contrast):
    contrast = np.array(contrast, float)
    estimate, error = contrast @ params, math.sqrt(contrast @ cov @ contrast)
    half = stats.t.ppf(0.975, df) * error
    return [estimate, error, estimate - half, estimate + half, 2 * stats.t.sf(abs(estimate / error), df)]


def performance():
    for name, weights in (("plain", None), ("weighted", WEIGHTS)):
        for driver in range(3):
            params, cov, df = clustered(10 * SCORES[:, driver], np.ones((ROWS, 1)), weights)
            emit("performance_" + name, f"mean{driver}", tested(params, cov, df, [1])[:4])
            top = (SCORES[:, driver] >= 9).astype(float)
            params, cov, df = clustered(top, np.ones((ROWS, 1)), weights)
            share, error = params[0], math.sqrt(cov[0, 0])
            n, z = share * (1 - share) / error**2, stats.norm.ppf(0.975)
            # Wilson's ends solve (p - q)^2 = z^2 q (1 - q) / n.
            ends = np.sort(np.roots([1 + z * z / n, -2 * share - z * z / n, share * share]))
            emit("performance_" + name, f"top{driver}", [share, error, *ends])


def penalty_reward():
    for name, weights in (("plain", None), ("weighted", WEIGHTS)):
        columns = [np.ones(ROWS)]
        for driver in range(3):
            columns += [SCORES[:, driver] <= 3, SCORES[:, driver] >= 7]
        params, cov, df = clustered(RECOMMEND, np.array(columns, float).T, weights)
        for driver in range(3):
            unit = np.eye(7)
            low, high = unit[2 * driver + 1], unit[2 * driver + 2]
            emit("penalty_" + name, f"penalty{driver}", tested(params, cov, df, -low))
            emit("penalty_" + name, f"reward{driver}", tested(params, cov, df, high))
            emit("penalty_" + name, f"asymmetry{driver}", tested(params, cov, df, -low - high))


def expectation():
    gaps = SCORES - EXPECTED
    columns = [np.ones(ROWS)]
    for driver in range(2):
        columns += [np.minimum(gaps[:, driver], 0), np.maximum(gaps[:, driver], 0)]
    params, cov, df = clustered(RECOMMEND, np.array(columns).T)
    for driver in range(2):
        unit = np.eye(5)
        short, over = unit[2 * driver + 1], unit[2 * driver + 2]
        emit("expectation", f"shortfall{driver}", tested(params, cov, df, short))
        emit("expectation", f"surplus{driver}", tested(params, cov, df, over))
        emit("expectation", f"difference{driver}", tested(params, cov, df, short - over))
        own = gaps[:, driver]
        emit("expectation", f"shares{driver}", [own.mean(), (own < 0).mean(), (own == 0).mean(), (own > 0).mean()])


def ceilings(x, y, scope):
    """Both ceilings by looking at every point, and areas by quadrature."""
    x_low, x_high, y_low, y_high = scope

    def step(at):
        below = y[x <= at]
        return below.max() if len(below) else y_low

    cuts = sorted(set(x) | {x_low, x_high})
    zone = sum((b - a) * (y_high - step(a)) for a, b in zip(cuts, cuts[1:]))
    # A corner has nobody as high to its left and nobody higher at its own score.
    corner = [all(y[k] < y[i] for k in range(len(x)) if x[k] < x[i]) and y[i] == step(x[i]) for i in range(len(x))]
    slope, intercept = np.polyfit(x[corner], y[corner], 1)
    height = lambda at: min(max(y_high - (intercept + slope * at), 0.0), y_high - y_low)
    kinks = [(y_low - intercept) / slope, (y_high - intercept) / slope]
    kinks = [kink for kink in kinks if x_low < kink < x_high]
    line_zone = integrate.quad(height, x_low, x_high, points=kinks or None, epsabs=1e-12)[0]
    accuracy = np.mean(y <= intercept + slope * x + 1e-9)
    area = (x_high - x_low) * (y_high - y_low)
    needed = []
    for share in np.arange(0, 1.01, 0.1):
        level = y_low + share * (y_high - y_low)
        reach = x[y >= level - 1e-9]
        needed.append(100 * (reach.min() - x_low) / (x_high - x_low) if len(reach) else math.nan)
    return zone, zone / area, slope, intercept, line_zone, line_zone / area, accuracy, needed


def necessity():
    y = RECOMMEND
    for driver in range(3):
        x = SCORES[:, driver]
        for name, scope in (("seen", (x.min(), x.max(), y.min(), y.max())), ("scale", (-1, 12, -2, 11))):
            *numbers, needed = ceilings(x, y, scope)
            emit("necessity_" + name, f"ceilings{driver}", numbers)
            emit("necessity_" + name, f"needed{driver}", needed)
    # All orders of a small sample: the exact permutation p-value of the steps.
    x, y = SCORES[:7, 0], RECOMMEND[:7]
    scope = (x.min(), x.max(), y.min(), y.max())

    def effect(levels):
        cuts = sorted(set(x))
        return sum((b - a) * (scope[3] - levels[x <= a].max()) for a, b in zip(cuts, cuts[1:]))

    own = effect(y)
    reached = [effect(np.array(order)) >= own - 1e-12 for order in itertools.permutations(y)]
    emit("necessity_exact", "p_value", [np.mean(reached)])


def raised(x):
    """Scores of a up by 1.5 and of b up to 7, no further than the highest seen."""
    x = x.copy()
    x[:, 0] = np.maximum(x[:, 0], np.minimum(x[:, 0] + 1.5, SCORES[:, 0].max()))
    x[:, 1] = np.maximum(x[:, 1], min(7, SCORES[:, 1].max()))
    return x


def delta(rows, params, cov):
    """A change of a mean over rows and its error: by the delta method, derivatives by central differences, and beside it the
    scatter of the rows' own changes by customer."""
    measure = lambda own, x: np.mean(rows(own, x))
    change = lambda own: measure(own, raised(SCORES)) - measure(own, SCORES)
    own = rows(params, raised(SCORES)) - rows(params, SCORES)
    by_customer = np.bincount(CUSTOMERS, own - own.mean())
    groups = len(set(CUSTOMERS))
    scatter = groups / (groups - 1) * (by_customer @ by_customer) / len(own) ** 2
    steps = 1e-5 * np.maximum(1, np.abs(params))
    gradient = np.array([
        (change(params + step * unit) - change(params - step * unit)) / (2 * step)
        for step, unit in zip(steps, np.eye(len(params)))
    ])
    error = math.sqrt(gradient @ cov @ gradient + scatter)
    return [measure(params, SCORES), measure(params, raised(SCORES)), change(params), error]


LEVELS = np.unique(RECOMMEND)


def log_likelihood(params, x, codes, weights=None):
    """Cumulative logit; the slopes first, then the thresholds."""
    slopes, thresholds = params[: x.shape[1]], params[x.shape[1] :]
    link = x @ slopes
    below = lambda bound: 1 / (1 + np.exp(-(bound - link)))
    upper = np.array([below(t) for t in thresholds] + [np.ones(len(x))])
    lower = np.vstack([np.zeros((1, len(x))), upper[:-1]])
    own = np.log((upper - lower)[codes, np.arange(len(x))])
    return own.sum() if weights is None else weights @ own


def ordinal():
    codes = np.searchsorted(LEVELS, RECOMMEND)
    start = np.concatenate([np.zeros(3), stats.logistic.ppf(np.cumsum(np.bincount(codes))[:-1] / ROWS)])
    minus = lambda params: -log_likelihood(params, SCORES, codes)
    params = start
    for _ in range(60):
        step = np.linalg.solve(approx_hess_cs(params, minus), approx_fprime_cs(params, minus))
        while not minus(params - step) <= minus(params) + 1e-12:
            step = step / 2
        params = params - step
    return params, np.linalg.inv(approx_hess_cs(params, minus))


def level_rows(values):
    def rows(params, x):
        link = x @ params[:3]
        above = [1 / (1 + np.exp(t - link)) for t in params[3:]]
        return values[0] + sum(rise * a for rise, a in zip(np.diff(values), above))

    return rows


def level_mean(values):
    return lambda params, x: np.mean(level_rows(values)(params, x))


def what_if():
    design = sm.add_constant(SCORES)
    linear, logit = sm.OLS(RECOMMEND, design).fit(), sm.Logit(BUYS, design).fit(disp=0, method="newton", tol=1e-12)
    poisson = sm.Poisson(VISITS, design).fit(disp=0, method="newton", tol=1e-12)
    mean = lambda params, x: params[0] + x @ params[1:]
    emit("what_if", "linear", delta(mean, linear.params, linear.cov_params()))
    share = lambda params, x: expit(params[0] + x @ params[1:])
    emit("what_if", "logistic", delta(share, logit.params, logit.cov_params()))
    count = lambda params, x: np.exp(params[0] + x @ params[1:])
    emit("what_if", "count", delta(count, poisson.params, poisson.cov_params()))
    params, cov = ordinal()
    promoter, detractor = (LEVELS >= 9).astype(float), (LEVELS <= 6).astype(float)
    for name, values in (
        ("mean", LEVELS), ("promoter_share", promoter), ("detractor_share", detractor), ("nps", 100 * (promoter - detractor)),
    ):
        emit("what_if", name, delta(level_rows(values), params, cov))
    plans(linear.params, params, 100 * (promoter - detractor))


def up(by):
    return np.minimum(SCORES + np.array(by), SCORES.max(axis=0))


def plans(linear, params, values):
    # The linear target as a linear programme: each score of each touchpoint rises by no more than the raise and its room.
    costs, target = np.array([2.0, 1.0, 0.2]), 2.0
    kinds = [(j, v, np.mean(SCORES[:, j] == v)) for j in range(3) for v in np.unique(SCORES[:, j])]
    n = 3 + len(kinds)
    objective = np.concatenate([costs, np.zeros(len(kinds))])
    above, bounds = [], [(0, 10)] * 3
    gain = np.zeros(n)
    for place, (j, v, share) in enumerate(kinds):
        row = np.zeros(n)
        row[3 + place], row[j] = 1, -1
        above.append(row)
        bounds.append((0, SCORES[:, j].max() - v))
        gain[3 + place] = linear[1 + j] * share
    found = optimize.linprog(objective, A_ub=np.vstack([above, -gain]), b_ub=[0] * len(above) + [-target], bounds=bounds)
    emit("plan", "linear", [found.fun, *found.x[:3]])

    # The score: c cannot be changed, so the raise of a decides that of b.
    measure = level_mean(values)
    before = measure(params, SCORES)
    change = lambda a, b: measure(params, up([a, b, 0])) - before

    def cost(a):
        if change(a, 10) < 15:
            return math.inf
        b = 0 if change(a, 0) >= 15 else optimize.brentq(lambda b: change(a, b) - 15, 0, 10, xtol=1e-13)
        return 1.0 * a + 0.6 * b

    grid = np.linspace(0, 10, 2001)
    best = grid[np.argmin([cost(a) for a in grid])]
    near = optimize.minimize_scalar(cost, bounds=(max(best - 0.01, 0), min(best + 0.01, 10)), method="bounded",
                                    options={"xatol": 1e-12})
    emit("plan", "nps", [min(near.fun, cost(best)), change(10, 10)])


def random_effects():
    estimates, variances = np.array([0.1, 0.35, 0.2, 0.6]), np.array([0.01, 0.02, 0.005, 0.04])
    own = combine_effects(estimates, variances, method_re="dl")
    p_value = stats.chi2.sf(own.q, 3)
    emit("random_effects", "dl", [own.tau2, own.q, p_value, max(0, own.i2), own.mean_effect_re, own.sd_eff_w_re])


def shapley_shares(x, y):
    """Shapley values of R squared as shares, by all orders."""

    def r_squared(columns):
        if not columns:
            return 0.0
        design = np.column_stack([np.ones(len(y)), x[:, list(columns)]])
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return 1 - residual @ residual / ((y - y.mean()) @ (y - y.mean()))

    n = x.shape[1]
    values = np.zeros(n)
    for order in itertools.permutations(range(n)):
        for place, driver in enumerate(order):
            values[driver] += r_squared(order[: place + 1]) - r_squared(order[:place])
    return values / values.sum()


def segments():
    # Three segments by row modulo 3.
    label = np.arange(ROWS) % 3
    for segment in range(3):
        inside = label == segment
        emit("segments", f"inside{segment}", shapley_shares(SCORES[inside], RECOMMEND[inside]))
        emit("segments", f"outside{segment}", shapley_shares(SCORES[~inside], RECOMMEND[~inside]))


def stated_observed():
    # Behaviour is known of two rows in three.
    known = np.arange(ROWS) % 3 > 0
    emit("stated", "recommend", shapley_shares(SCORES, RECOMMEND))
    emit("stated", "buys", shapley_shares(SCORES[known], BUYS[known]))


def mediation():
    """Touchpoint a over the recommend answer, given b and c, between scores 4 and 7."""
    from_score, to_score = 4.0, 7.0
    x = np.column_stack([np.ones(ROWS), SCORES])
    first = sm.OLS(RECOMMEND, x).fit()
    both = np.column_stack([x, RECOMMEND])
    second = sm.OLS(VISITS, both).fit()
    step = to_score - from_score
    emit("mediation", "linear", [step * second.params[1], step * first.params[1] * second.params[4]])
    logit = sm.Logit(BUYS, both).fit(disp=0, method="newton", tol=1e-13)
    sigma = math.sqrt(first.scale)
    mean_m = lambda at: first.params[0] + first.params[1] * at + SCORES[:, 1:] @ first.params[2:]
    fixed = logit.params[0] + SCORES[:, 1:] @ logit.params[2:4]
    points = np.linspace(-10, 10, 4001)
    density = stats.norm.pdf(points) * (points[1] - points[0])

    def probability(touchpoint, mediator):
        base = fixed + logit.params[1] * touchpoint + logit.params[4] * mean_m(mediator)
        return np.mean(expit(base[:, None] + logit.params[4] * sigma * points) @ density)

    p = {(t, m): probability(t, m) for t in (from_score, to_score) for m in (from_score, to_score)}
    low, high = from_score, to_score
    direct = 0.5 * (p[high, low] - p[low, low] + p[high, high] - p[low, high])
    indirect = 0.5 * (p[low, high] - p[low, low] + p[high, high] - p[high, low])
    emit("mediation", "logistic", [direct, indirect, first.params[1], logit.params[4]])


def confounding():
    """Strength of a confounder like b for the coefficient of a, by regressions of residuals."""
    residual = lambda y, x: y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    one = np.ones((ROWS, 1))

    def partial(y, x, given):
        y, x = residual(y, given), residual(x, given)
        return (x @ y) ** 2 / ((x @ x) * (y @ y))

    fit = sm.OLS(RECOMMEND, np.column_stack([one, SCORES])).fit()
    a, b, c = SCORES.T
    of_driver = partial(a, b, np.column_stack([one, c]))
    of_outcome = partial(RECOMMEND, b, np.column_stack([one, a, c]))
    emit("confounding", "partial", [partial(RECOMMEND, a, np.column_stack([one, b, c])), of_driver, of_outcome])
    # A confounder made of noise, with just these partial R squared, takes off what the formula says.
    noise = np.random.default_rng(1).normal(size=ROWS)
    given = np.column_stack([one, SCORES[:, 1:]])
    unit = lambda v: v / np.linalg.norm(v)
    left_a = residual(a, given)
    left_y = residual(RECOMMEND, np.column_stack([given, a]))
    free = unit(residual(noise, np.column_stack([given, a, RECOMMEND])))
    share_d, share_y = 0.2, 0.3
    beta = math.sqrt(share_d)
    # Of the part of the confounder that the driver leaves, share_y is along what the model leaves of the outcome.
    along = math.sqrt(1 - share_d) * (math.sqrt(share_y) * unit(left_y) + math.sqrt(1 - share_y) * free)
    confounder = beta * unit(left_a) + along
    with_it = sm.OLS(RECOMMEND, np.column_stack([one, SCORES, confounder])).fit()
    emit("confounding", "adjusted", [fit.params[1], fit.bse[1], with_it.params[1], with_it.bse[1]])



if __name__ == "__main__":
    performance()
    penalty_reward()
    expectation()
    necessity()
    what_if()
    random_effects()
    segments()
    stated_observed()
    mediation()
    confounding()
