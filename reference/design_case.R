# What reference/design.R and reference/fuzz_design.R share: a sample with R's figures for it, as JSON. R 4.2.2, survey 4.1.1.
suppressPackageStartupMessages(library(survey))
options(digits = 17)

number <- function(x) if (is.finite(x)) formatC(x, digits = 17, format = "g", flag = "#") else "null"
json <- function(x) {
  if (is.matrix(x)) {
    json(lapply(seq_len(nrow(x)), function(i) x[i, ]))
  } else if (is.list(x) && !is.null(names(x))) {
    paste0("{", paste0("\"", names(x), "\": ", vapply(x, json, ""), collapse = ", "), "}")
  } else if (is.list(x)) {
    paste0("[", paste0(vapply(x, json, ""), collapse = ", "), "]")
  } else if (is.character(x)) {
    if (length(x) == 1 && !inherits(x, "AsIs")) paste0("\"", x, "\"") else paste0("[", paste0("\"", x, "\"", collapse = ", "), "]")
  } else {
    if (length(x) == 1 && !inherits(x, "AsIs")) number(x) else paste0("[", paste0(vapply(x, number, ""), collapse = ", "), "]")
  }
}

figures <- function(stat, df) {
  t95 <- confint(stat, df = df)
  z95 <- confint(stat)
  found <- list(est = as.numeric(coef(stat)), se = suppressWarnings(as.numeric(SE(stat))), df = df,
                t95 = as.numeric(t95), z95 = as.numeric(z95))
  if (is.finite(found$se)) found else c(found, negative_variance = as.numeric(vcov(stat)))
}

case <- function(name, file, design, ratio = FALSE) {
  columns <- names(file$y)
  of <- function(f, d) setNames(lapply(columns, function(y) figures(f(as.formula(paste0("~", y)), d), degf(d))), columns)
  wanted <- list(totals = of(svytotal, design), means = of(svymean, design))
  if (!is.null(file$domains)) {
    names_of <- sort(unique(as.character(file$domains)))
    one <- function(name) {
      d <- subset(design, domain == name)
      list(totals = of(svytotal, d), means = of(svymean, d))
    }
    wanted$domains <- setNames(lapply(names_of, one), names_of)
  }
  if (ratio) {
    r <- svyratio(~a, ~b, design)
    wanted$ratio <- list(est = as.numeric(coef(r)), se = as.numeric(SE(r)))
  }
  list(name = name, file = file, wanted = wanted)
}

column <- function(x) I(if (is.numeric(x)) x else as.character(x))
