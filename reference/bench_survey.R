# The peer of `make bench PART=estimate`: totals by domain with R's survey; prints milliseconds, then a line `total se` a domain in order
# of name. Rscript reference/bench_survey.R FILE.csv; R 4.2.2, survey 4.1.1 (Debian 12: r-base-core, r-cran-survey).
suppressPackageStartupMessages(library(survey))
x <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = TRUE)
work <- function() svyby(~y, ~d, svydesign(ids = ~c, strata = ~s, weights = ~w, data = x), svytotal)
invisible(work())
times <- replicate(3, system.time(work())[["elapsed"]])
found <- work()
cat(sprintf("%.3f\n", 1000 * mean(times)))
cat(sprintf("%.17g %.17g\n", found$y, SE(found)), sep = "")
