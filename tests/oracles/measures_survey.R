# Expected values of the measures (src/measures), by R's package survey (4.1).
#
#     Rscript tests/oracles/measures_survey.R > tests/oracles/measures_survey.txt
#
# Rows are made by the formulas that the tests repeat. A line is: case, what, values.
suppressPackageStartupMessages(library(survey))
emit <- function(case, what, values) cat(case, what, format(unname(values), digits = 16, trim = TRUE), "\n")

i <- 0:59
rows <- data.frame(
  customer = (i * 7) %% 23, weight = 1 + ((i * 5) %% 7) / 4, answer = (i * i * 3 + 5 * i) %% 11,
  spend = ((i * 37) %% 101) / 3, one = 1
)
rows$category <- rows$spend + ((i * 53) %% 89) / 2
rows$nps <- (rows$answer >= 9) - (rows$answer <= 6)
design <- svydesign(ids = ~customer, weights = ~weight, data = rows)
for (what in c("nps", "answer", "spend")) {
  mean <- svymean(as.formula(paste("~", what)), design)
  emit("clustered", what, c(coef(mean), SE(mean)))
}
ratio <- svyratio(~spend, ~category, design)
emit("clustered", "wallet", c(coef(ratio), SE(ratio)))

# Raking and post-stratification: sex by age by channel, targets in shares of 1000.
rows$sex <- c("f", "m")[1 + (i %% 3 == 0)]
rows$age <- c("young", "middle", "old")[1 + (i * 5 + i %/% 4) %% 3]
rows$channel <- c("app", "store", "call", "web")[1 + (i * i + i %/% 5) %% 4]
flat <- svydesign(ids = ~1, weights = ~weight, data = rows)
sex <- data.frame(sex = c("f", "m"), Freq = c(520, 480))
age <- data.frame(age = c("young", "middle", "old"), Freq = c(300, 450, 250))
channel <- data.frame(channel = c("app", "store", "call", "web"), Freq = c(400, 300, 100, 200))
raked <- rake(flat, list(~sex, ~age, ~channel), list(sex, age, channel), control = list(maxit = 500, epsilon = 1e-12))
emit("raked", "weights", weights(raked)[1:12])
emit("raked", "nps", coef(svymean(~nps, raked)))
emit("raked", "n_effective", sum(weights(raked))^2 / sum(weights(raked)^2))
post <- postStratify(flat, ~age, age)
emit("poststratified", "weights", weights(post)[1:12])
mean <- svymean(~nps, post)
emit("poststratified", "nps", c(coef(mean), SE(mean)))
population <- c(`(Intercept)` = 1000, sexm = 480, agemiddle = 450, ageold = 250, channelstore = 300, channelcall = 100,
                channelweb = 200)
rows$age <- factor(rows$age, levels = c("young", "middle", "old"))
rows$channel <- factor(rows$channel, levels = c("app", "store", "call", "web"))
flat <- svydesign(ids = ~1, weights = ~weight, data = rows)
calibrated <- calibrate(flat, ~ sex + age + channel, population, calfun = "raking", epsilon = 1e-12, maxit = 500)
mean <- svymean(~nps, calibrated)
emit("calibrated", "nps", c(coef(mean), SE(mean)))

# Raking of answers that weigh alike before: its own linearisation, which calibrate shares there. Customers have several answers.
plain <- svydesign(ids = ~customer, weights = ~one, data = rows)
plain_raked <- rake(plain, list(~sex, ~age, ~channel), list(sex, age, channel), control = list(maxit = 500, epsilon = 1e-12))
mean <- svymean(~nps, plain_raked)
emit("raked_alike", "nps", c(coef(mean), SE(mean)))
clustered <- svydesign(ids = ~customer, weights = ~weight, data = rows)
totals <- c(`(Intercept)` = 1000, sexm = 480, agemiddle = 450, ageold = 250, channelcall = 100, channelstore = 300,
            channelweb = 200)
totals <- totals[colnames(model.matrix(~ sex + age + channel, rows))]
calibrated <- calibrate(clustered, ~ sex + age + channel, totals, calfun = "raking", epsilon = 1e-12, maxit = 500)
mean <- svymean(~nps, calibrated)
emit("calibrated_clustered", "nps", c(coef(mean), SE(mean)))
# The same with the weights as if they had been drawn.
for (own in list(list("raked_alike", plain_raked), list("calibrated_clustered", calibrated))) {
  given <- svydesign(ids = ~customer, weights = weights(own[[2]]), data = rows)
  emit(own[[1]], "given", SE(svymean(~nps, given)))
}
