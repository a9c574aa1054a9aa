"""Slopes of the panel of tests/command/contacts.rs, by least squares with dummies in numpy.

Four shops, six months, five answers each, k of them promoters and the others detractors. Every shop wins
k (of the month before) + shop + month new customers a month, who spend 100 each. Errors by shop carry
G / (G - 1) (n - 1) / (n - k), in which effects of months count and effects of shops, which lie within the clusters, do not.
"""

import numpy as np


def promoters(shop, month):
    return (shop * shop + 2 * month + shop * month) % 6


def score(shop, month):
    return 100 * (2 * promoters(shop, month) - 5) / 5


def new(shop, month):
    return promoters(shop, month - 1) + shop + month


def growth(shop, month):
    return 100 * np.log(new(shop, month) / new(shop, month - 1))


def slope(outcome, months, lag):
    cells = [(shop, month) for shop in range(4) for month in months if 1 <= month - lag <= 6]
    own = sorted({month for _, month in cells})
    x = np.array([score(shop, month - lag) for shop, month in cells])
    y = np.array([outcome(shop, month) for shop, month in cells])
    dummies = [[float(shop == s) for s in range(4)] + [float(month == m) for m in own[1:]] for shop, month in cells]
    design = np.column_stack([x, np.array(dummies)])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    residuals = y - design @ coefficients
    shops = np.array([shop for shop, _ in cells])
    sums = np.array([(design[shops == s] * residuals[shops == s, None]).sum(axis=0) for s in range(4)])
    n, parameters = len(cells), 1 + len(own)
    correction = 4 / 3 * (n - 1) / (n - parameters)
    covariance = correction * inverse @ sums.T @ sums @ inverse
    return len(cells), coefficients[0], np.sqrt(covariance[0, 0])


print("new customers, lag 1:", *slope(new, range(2, 7), 1))
print("new customers, lag -1:", *slope(new, range(2, 7), -1))
print("growth, lag 1:", *slope(growth, range(3, 7), 1))
print("growth, lag -1:", *slope(growth, range(3, 7), -1))
