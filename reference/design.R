# Golden figures of crates/estimate/src/design.rs, by the R package survey: `Rscript reference/design.R` writes
# crates/estimate/tests/it/golden/design.json. Made with R 4.2.2 and survey 4.1.1 (Debian 12: r-base-core, r-cran-survey).
# Every sample is made here, by seed, so that the file holds all that is needed.
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", args[grep("^--file=", args)]))
source(file.path(here, "design_case.R"))
set.seed(2017)
cases <- list()

# Stratified, with and without finite populations.
n <- 60
d <- data.frame(stratum = rep(c("north", "south", "river"), c(30, 20, 10)), a = rpois(n, 3), b = rgamma(n, 4, 1),
                domain = sample(c("car", "truck", "boat"), n, TRUE), N = rep(c(400, 55, 10), c(30, 20, 10)))
y <- list(a = column(d$a), b = column(d$b))
file <- list(y = y, strata = column(d$stratum), fpc = column(d$N), domains = column(d$domain))
cases$a <- case("stratified, counts", file, svydesign(~1, strata = ~stratum, fpc = ~N, data = d), TRUE)
d$w <- d$N / ave(d$N, d$stratum, FUN = length)
file <- list(y = y, strata = column(d$stratum), weights = column(d$w), domains = column(d$domain))
cases$b <- case("stratified, weights, no population", file, svydesign(~1, strata = ~stratum, weights = ~w, data = d), TRUE)
d$share <- 1 / d$w
file <- list(y = y, strata = column(d$stratum), fpc = column(d$share))
cases$c <- case("stratified, shares", file, svydesign(~1, strata = ~stratum, fpc = ~share, data = d), TRUE)
file <- list(y = y, strata = column(d$stratum), fpc = column(d$N), weights = column(d$w), variance = "with_replacement")
cases$d <- case("stratified, with replacement", file, svydesign(~1, strata = ~stratum, weights = ~w, data = d), TRUE)

# One stage of clusters of unequal size, within strata.
sizes <- c(3, 5, 2, 7, 4, 1, 6, 2)
d <- data.frame(cluster = rep(paste0("c", 1:8), sizes), stratum = rep(rep(c("x", "y"), each = 4), sizes))
n <- nrow(d)
d$a <- rpois(n, 2); d$b <- rnorm(n, 10, 3); d$N <- ifelse(d$stratum == "x", 20, 9)
d$domain <- sample(c("day", "night"), n, TRUE)
y <- list(a = column(d$a), b = column(d$b))
file <- list(y = y, strata = column(d$stratum), cluster = column(d$cluster), fpc = column(d$N), domains = column(d$domain))
cases$e <- case("clusters", file, svydesign(~cluster, strata = ~stratum, fpc = ~N, data = d), TRUE)

# Two stages.
m <- data.frame(cluster = rep(paste0("c", 1:9), each = 8), cluster2 = rep(paste0("s", 1:4), 18))
m <- m[order(m$cluster, m$cluster2), ]
n <- nrow(m)
m$stratum <- ifelse(m$cluster %in% paste0("c", 1:5), "x", "y")
m$a <- rpois(n, 4); m$b <- rgamma(n, 2, 0.5)
m$N <- ifelse(m$stratum == "x", 25, 11)
m$M <- as.numeric(factor(m$cluster)) + 6
m$domain <- sample(c("p", "q", "r"), n, TRUE)
y <- list(a = column(m$a), b = column(m$b))
file <- list(y = y, strata = column(m$stratum), cluster = column(m$cluster), cluster2 = column(m$cluster2),
             fpc = column(m$N), fpc2 = column(m$M), domains = column(m$domain))
cases$f <- case("two stages", file, svydesign(~cluster + cluster2, strata = ~stratum, fpc = ~N + M, data = m), TRUE)
m$w <- runif(n, 2, 9)
file <- list(y = y, strata = column(m$stratum), cluster = column(m$cluster), cluster2 = column(m$cluster2),
             weights = column(m$w), domains = column(m$domain))
cases$g <- case("two stages, no population", file, svydesign(~cluster + cluster2, strata = ~stratum, weights = ~w, data = m), TRUE)

# Unequal probabilities.
n <- 25
p <- data.frame(size = rgamma(n, 3, 1), stratum = rep(c(1, 2), c(14, 11)))
p$pi <- pmin(0.95, p$size / max(p$size) * 0.9 + 0.02)
p$a <- rpois(n, 5 * p$size); p$b <- p$size * 3 + rnorm(n)
p$domain <- sample(c("u", "v"), n, TRUE)
y <- list(a = column(p$a), b = column(p$b))
file <- list(y = y, pi = column(p$pi), domains = column(p$domain), variance = "brewer")
cases$h <- case("brewer", file, svydesign(~1, fpc = ~pi, data = p, pps = "brewer"), TRUE)
file <- list(y = y, pi = column(p$pi), strata = column(as.character(p$stratum)), domains = column(p$domain), variance = "brewer")
cases$i <- case("brewer in strata", file, svydesign(~1, strata = ~stratum, fpc = ~pi, data = p, pps = "brewer"))
file$variance <- "overton"
cases$j <- case("overton in strata", file, svydesign(~1, strata = ~stratum, fpc = ~pi, data = p, pps = "overton"))
file$strata <- NULL
cases$k <- case("overton", file, svydesign(~1, fpc = ~pi, data = p, pps = "overton"))
file$variance <- "hartley_rao"
cases$l <- case("hartley_rao", file, svydesign(~1, fpc = ~pi, data = p, pps = HR()))
file$strata <- column(as.character(p$stratum))
cases$m <- case("hartley_rao in strata", file, svydesign(~1, strata = ~stratum, fpc = ~pi, data = p, pps = HR()))
file$strata <- NULL
outer_pi <- outer(p$pi, p$pi)
joint <- outer_pi * (1 - 0.03 * outer(1 - p$pi, 1 - p$pi))
diag(joint) <- p$pi
file$joint <- joint
file$variance <- "ht"
cases$n <- case("ht", file, svydesign(~1, fpc = ~pi, data = p, pps = ppsmat(joint), variance = "HT"))
file$variance <- "yates_grundy"
cases$o <- case("yates_grundy", file, svydesign(~1, fpc = ~pi, data = p, pps = ppsmat(joint), variance = "YG"))
# Brewer with clusters drawn by their size; Overton's needs strata by number.
d$number <- ifelse(d$stratum == "x", 1, 2)
d$pic <- ave(d$N, d$cluster, FUN = function(x) 0) + as.numeric(factor(d$cluster)) / 12
y <- list(a = column(d$a), b = column(d$b))
file <- list(y = y, cluster = column(d$cluster), strata = column(d$stratum), pi = column(d$pic), domains = column(d$domain), variance = "brewer")
cases$p <- case("brewer, clusters", file, svydesign(~cluster, strata = ~stratum, fpc = ~pic, data = d, pps = "brewer"))
file$variance <- "overton"
file$domains <- NULL # subsets of clusters are more than R's survey can do here
cases$q <- case("overton, clusters", file, svydesign(~cluster, strata = ~number, fpc = ~pic, data = d, pps = "overton"))

made <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
out <- file.path(here, "../crates/estimate/tests/it/golden/design.json")
cat("{\"made\": ", json(made), ",\n\"cases\": [\n", paste0(vapply(unname(cases), json, ""), collapse = ",\n"), "\n]}\n", sep = "", file = out)
