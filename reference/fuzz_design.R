# Samples of random designs with what R's survey says of them, a JSON object a line: `Rscript reference/fuzz_design.R SEED ROUNDS FILE`. A round
# is a sample of elements in strata, one of clusters in one or two stages, and one with unequal probabilities; rows stand in any order. What R
# refuses has `error` in place of `wanted`. Read by reference/fuzz_design.py; R 4.2.2, survey 4.1.1 (Debian 12: r-base-core, r-cran-survey).
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("^--file=", "", args[grep("^--file=", args)]))
source(file.path(here, "design_case.R"))
options(survey.lonely.psu = "fail")

one_of <- function(x) x[[sample.int(length(x), 1)]]
shuffled <- function(d) d[sample.int(nrow(d)), , drop = FALSE]

# Two columns of counts and of measures, of any size and roundness, and a domain.
counted <- function(d) {
  n <- nrow(d)
  d$a <- rpois(n, 2)
  d$b <- round(rnorm(n, one_of(c(0, 10, 1000)), 3), one_of(0:6))
  d$domain <- sample(c("p", "q", "r", "one")[seq_len(one_of(2:4))], n, TRUE)
  d$w <- runif(n, 1, 20)
  d$p <- runif(n, 0.05, 1)
  d
}

y_of <- function(d) list(y = list(a = column(d$a), b = column(d$b)), domains = column(d$domain))

# The fields of a file, and the design they stand for in R.
drawn <- function(name, file, design) list(name = name, file = file, design = design)

elements <- function() {
  strata <- one_of(1:4)
  sizes <- sample(2:12, strata, TRUE)
  d <- counted(data.frame(stratum = rep(letters[seq_len(strata)], sizes)))
  d$N <- rep(sizes + sample(0:30, strata, TRUE), sizes)
  d <- shuffled(d)
  d$share <- ave(d$N, d$stratum, FUN = length) / d$N
  file <- c(y_of(d), list(strata = column(d$stratum)))
  # With replacement a population tells the weights, and nothing else.
  again <- function(name, fpc) {
    d$w <- 1 / d$share
    drawn(name, c(file, list(fpc = fpc, variance = "with_replacement")), function() svydesign(~1, strata = ~stratum, weights = ~w, data = d))
  }
  one_of(list(
    function() drawn("strata, counts", c(file, list(fpc = column(d$N))), function() svydesign(~1, strata = ~stratum, fpc = ~N, data = d)),
    function() drawn("strata, shares", c(file, list(fpc = column(d$share))), function() svydesign(~1, strata = ~stratum, fpc = ~share, data = d)),
    function() drawn("strata, weights", c(file, list(weights = column(d$w))), function() svydesign(~1, strata = ~stratum, weights = ~w, data = d)),
    function() drawn("strata, weights and counts", c(file, list(weights = column(d$w), fpc = column(d$N))),
                     function() svydesign(~1, strata = ~stratum, weights = ~w, fpc = ~N, data = d)),
    function() drawn("strata, probabilities", c(file, list(pi = column(d$p))), function() svydesign(~1, strata = ~stratum, probs = ~p, data = d)),
    function() drawn("strata, probabilities and counts", c(file, list(pi = column(d$p), fpc = column(d$N))),
                     function() svydesign(~1, strata = ~stratum, probs = ~p, fpc = ~N, data = d)),
    function() again("strata, counts, with replacement", column(d$N)),
    function() again("strata, shares, with replacement", column(d$share))
  ))()
}

# Clusters with names of their own, and members whose names start anew in each; a member may have several rows.
clustered <- function() {
  strata <- one_of(1:3)
  stratum <- function(h) {
    clusters <- one_of(2:6)
    data.frame(stratum = letters[h], C = clusters, cluster = paste0(letters[h], seq_len(clusters)), s = sample(2:5, clusters, TRUE))
  }
  d <- do.call(rbind, lapply(seq_len(strata), stratum))
  d <- d[rep(seq_len(nrow(d)), d$s), ]
  d$member <- paste0("s", ave(seq_len(nrow(d)), d$cluster, FUN = seq_along))
  rows <- if (runif(1) < 0.5) rep(1, nrow(d)) else sample(1:3, nrow(d), TRUE, prob = c(4, 1, 1))
  d <- counted(d[rep(seq_len(nrow(d)), rows), ])
  d$N <- d$C + sample(0:20, strata, TRUE)[as.integer(factor(d$stratum))]
  d$M <- d$s + sample(0:9, 100, TRUE)[as.integer(factor(d$cluster))]
  shuffled(d)
}

clusters <- function() {
  d <- clustered()
  d$first <- d$C / d$N
  d$second <- d$s / d$M
  several <- length(unique(d$stratum)) > 1
  in_strata <- if (several) ~stratum else NULL
  one <- c(y_of(d), list(cluster = column(d$cluster)), if (several) list(strata = column(d$stratum)))
  two <- c(one, list(cluster2 = column(d$member)))
  stage <- function(name, file, ...) {
    given <- list(...)
    drawn(name, file, function() do.call(svydesign, c(given, list(strata = in_strata, data = d))))
  }
  one_of(list(
    function() stage("clusters, counts", c(one, list(fpc = column(d$N))), ids = ~cluster, fpc = ~N),
    function() stage("clusters, weights", c(one, list(weights = column(d$w))), ids = ~cluster, weights = ~w),
    function() stage("clusters, weights and counts", c(one, list(weights = column(d$w), fpc = column(d$N))), ids = ~cluster, weights = ~w, fpc = ~N),
    function() stage("two stages, counts", c(two, list(fpc = column(d$N), fpc2 = column(d$M))), ids = ~cluster + member, fpc = ~N + M),
    function() stage("two stages, weights", c(two, list(weights = column(d$w))), ids = ~cluster + member, weights = ~w),
    function() stage("two stages, weights and counts", c(two, list(weights = column(d$w), fpc = column(d$N), fpc2 = column(d$M))),
                     ids = ~cluster + member, weights = ~w, fpc = ~N + M),
    function() stage("two stages, shares", c(two, list(fpc = column(d$first), fpc2 = column(d$second))), ids = ~cluster + member, fpc = ~first + second)
  ))()
}

unequal <- function() {
  n <- one_of(4:30)
  size <- rgamma(n, 2, 1)
  d <- counted(data.frame(pi = pmin(one_of(c(0.95, 1)), size / max(size) * runif(1, 0.5, 1) + 0.02)))
  # Round ones sum to exactly 1 by pairs, of which R thinks otherwise.
  if (runif(1) < 0.5) d$pi <- pmax(0.05, round(d$pi * 20) / 20)
  d$number <- if (n >= 8) rep(1:2, c(4, n - 4)) else 1
  J <- outer(d$pi, d$pi) * (1 - runif(1, 0, 0.2) * outer(1 - d$pi, 1 - d$pi))
  diag(J) <- d$pi
  file <- function(variance) c(y_of(d), list(pi = column(d$pi), variance = variance))
  in_strata <- function(variance) c(file(variance), list(strata = column(as.character(d$number))))
  joint <- function(variance) c(file(variance), list(joint = J))
  # R 4.1.1's survey pairs the scales of brewer's clusters with totals in order of their names: clusters in that order agree with it.
  e <- d[order(d$number), ]
  e$cluster <- sprintf("c%02d", ave(seq_len(n), FUN = seq_along) %/% 2)
  e$pi <- ave(e$pi, e$cluster, FUN = function(p) p[1])
  brewer_clusters <- list(
    file = c(y_of(e), list(pi = column(e$pi), cluster = column(e$cluster), variance = "brewer")),
    design = function() svydesign(~cluster, fpc = ~pi, data = e, pps = "brewer"))
  one_of(list(
    function() drawn("brewer", file("brewer"), function() svydesign(~1, fpc = ~pi, data = d, pps = "brewer")),
    function() drawn("brewer, strata", in_strata("brewer"), function() svydesign(~1, strata = ~number, fpc = ~pi, data = d, pps = "brewer")),
    function() drawn("brewer, clusters", brewer_clusters$file, brewer_clusters$design),
    function() drawn("overton", file("overton"), function() svydesign(~1, fpc = ~pi, data = d, pps = "overton")),
    function() drawn("overton, strata", in_strata("overton"), function() svydesign(~1, strata = ~number, fpc = ~pi, data = d, pps = "overton")),
    function() drawn("hartley-rao", file("hartley_rao"), function() svydesign(~1, fpc = ~pi, data = d, pps = HR())),
    function() drawn("hartley-rao, strata", in_strata("hartley_rao"), function() svydesign(~1, strata = ~number, fpc = ~pi, data = d, pps = HR())),
    function() drawn("joint, HT", joint("ht"), function() svydesign(~1, fpc = ~pi, data = d, pps = ppsmat(J), variance = "HT")),
    function() drawn("joint, Yates-Grundy", joint("yates_grundy"), function() svydesign(~1, fpc = ~pi, data = d, pps = ppsmat(J), variance = "YG")),
    function() drawn("with replacement", file("with_replacement"), function() svydesign(~1, probs = ~pi, data = d))
  ))()
}

judged <- function(of) {
  refused <- function(error) list(name = of$name, file = of$file, error = gsub("[\"\n\\\\]", " ", conditionMessage(error)))
  tryCatch(suppressWarnings(case(of$name, of$file, of$design())), error = refused)
}

given <- commandArgs(trailingOnly = TRUE)
set.seed(as.integer(given[1]))
out <- file(given[3], "w")
for (round in seq_len(as.integer(given[2]))) {
  for (make in list(elements, clusters, unequal)) cat(json(judged(make())), "\n", sep = "", file = out)
}
close(out)
