# Thin on purpose: what each target does is in xtask/src/tasks.rs.
# `make demo` prints the demo's own output alone on stdout; everything cargo says goes to stderr.

.PHONY: bench build demo test torture

# The web pages and the release binary that holds them, at target/release/sekong.
build:
	@cargo xtask build

# make demo ARGS="--days 1 --no-serve --json"
demo:
	@cargo xtask demo -- $(ARGS)

test:
	@cargo xtask test

# make torture PART=log|centre|estimate|field|all
PART ?= all
torture:
	@cargo xtask torture $(PART)

# make bench PART=log: reports beside fdatasync, and the audit of up to a million entries beside its least work; minutes.
# make bench PART=estimate: domains of samples beside R's survey, and every page's numbers over the shipped campaign; needs apt-get install
# r-base-core r-cran-survey; minutes.
# make bench PART=plan POSTS="100 500": beside HiGHS from the Python registry, installed under target/; minutes.
# make bench PART=audit DAYS="7 28": whole records beside OpenSSL; they are made once and kept, and 181 days, too, if none are named: an hour.
bench:
	@cargo xtask bench $(PART) $(POSTS) $(DAYS)
