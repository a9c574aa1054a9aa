# Kaplan-Meier estimates and log-rank tests by R's survival package, for src/measures/survival.
#
#     Rscript tests/oracles/survival_reference.R > tests/oracles/survival_reference.txt
#
# `remission`: weeks in remission of 42 children with leukaemia, 6-mercaptopurine against placebo (Freireich et al. 1963, as printed in
# Cox and Oakes, Analysis of Survival Data, 1984, table 1.1). `classes`: three groups with many ties, made up here.
library(survival)
options(digits = 15)

show <- function(case, what, values) cat(case, what, format(values, digits = 15, trim = TRUE, scientific = FALSE), "\n")

curve <- function(case, time, event, level) {
  fit <- survfit(Surv(time, event) ~ 1, conf.type = "log-log", conf.int = level)
  keep <- fit$n.event > 0
  show(case, "time", fit$time[keep])
  show(case, "at_risk", fit$n.risk[keep])
  show(case, "events", fit$n.event[keep])
  show(case, "survival", fit$surv[keep])
  # survfit keeps the standard error of the cumulative hazard's logarithm; Greenwood's is that times the survival.
  show(case, "std_error", (fit$surv * fit$std.err)[keep])
  show(case, "conf_low", fit$lower[keep])
  show(case, "conf_high", fit$upper[keep])
  middle <- quantile(fit, 0.5)
  show(case, "median", c(middle$quantile, middle$lower, middle$upper))
}

test <- function(case, time, event, group) {
  found <- survdiff(Surv(time, event) ~ group)
  df <- length(found$n) - 1
  show(case, "observed", found$obs)
  show(case, "expected", found$exp)
  show(case, "log_rank", c(found$chisq, df, pchisq(found$chisq, df, lower.tail = FALSE)))
}

treated <- c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
relapsed <- c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
placebo <- c(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
curve("treated", treated, relapsed, 0.95)
curve("placebo", placebo, rep(1, 21), 0.9)
test("remission", c(treated, placebo), c(relapsed, rep(1, 21)), rep(c("a", "b"), each = 21))

time <- c(3, 3, 5, 8, 8, 8, 12, 20, 20, 30, 2, 3, 3, 9, 9, 14, 20, 30, 30, 1, 1, 2, 3, 5, 5, 8, 30)
event <- c(1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0)
group <- rep(c("detractor", "passive", "promoter"), c(10, 9, 8))
test("classes", time, event, group)
