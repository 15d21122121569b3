# From Yield to Await. `make help` lists the commands.
#
# Everything is built below build/. What a submission contains is never built here: the program
# build/workbook does that, and no path of a submission reaches make or a shell.

CC ?= cc
CFLAGS ?= -O2 -g
BUILD := build
WORKBOOK := $(BUILD)/workbook

MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# What the commands below can be told, for example `make test CH=02`. Paths reach the recipes through the
# environment, as they are: a space, a quote or $(shell ...) in them does no harm.
paths := SUBMISSION SUBMISSIONS OUT JSON REPORT
$(foreach path,$(paths),$(eval override $(path) := $$(value $(path))))
export $(paths)
chapter := $(if $(CH),--chapter '$(CH)')
exercise := $(if $(EX),--exercise '$(EX)')
base := $(if $(BASE),--base '$(BASE)')
clock := $(if $(CLOCK),--clock '$(CLOCK)')
name := $(if $(NAME),--name '$(NAME)')
number := $(if $(N),--number '$(N)')
seed := $(if $(SEED),--seed '$(SEED)')
submission := $(if $(SUBMISSION),--submission "$$SUBMISSION")

help: ## this list
	@echo 'From Yield to Await: an asyncio in C, exercise by exercise. Begin with book/00-introduction.md.'
	@echo
	@awk -F ' *## ' '/^[a-z_.-]+:.*##/ { sub(/:.*/, "", $$1); printf "  make %-22s %s\n", $$1, $$2 } /^##/ { print $$2 }' $(firstword $(MAKEFILE_LIST))

## Students
list: $(WORKBOOK) ## the chapters and exercises, with points
	@$(WORKBOOK) list $(chapter)
test: $(WORKBOOK) ## test your code: [CH=02] [EX=loop/run] [BASE=own|reference] [CLOCK=real]
	@$(WORKBOOK) test $(chapter) $(exercise) $(base) $(clock) $(submission)
explore: $(WORKBOOK) ## random programs on your code and on the reference, to find a difference: CH=07 or EX=lock/acquire [N=2000] [SEED=1] [BASE=reference]
	@$(WORKBOOK) explore $(chapter) $(exercise) $(base) $(number) $(seed) $(submission)
adversity: $(WORKBOOK) ## scenarios while things go wrong around them: CH=09 or EX=stream/read [NAME=scenario] [MODE=cut] [SEED=7] [BASE=reference]
	@$(WORKBOOK) adversity $(chapter) $(exercise) $(base) $(name) $(if $(MODE),--mode '$(MODE)') $(seed) $(submission)
hint: $(WORKBOOK) ## a hint: EX=loop/run [N=2]
	@$(WORKBOOK) hint $(exercise) $(if $(N),--number '$(N)')
debug: $(WORKBOOK) ## step through an exercise's scenario with gdb: EX=loop/run [NAME=scenario] [BASE=reference]
	@$(WORKBOOK) debug $(exercise) $(base) $(if $(NAME),--scenario '$(NAME)')
run: $(WORKBOOK) ## the chapter's program on your code: CH=02 [NAME=program] [BASE=reference] [CLOCK=virtual] [ARGS=...]
	@$(WORKBOOK) demo --own $(base) $(chapter) $(name) $(clock) -- $(ARGS)
demo: $(WORKBOOK) ## the same on the reference, to see where the chapter leads
	@$(WORKBOOK) demo $(chapter) $(name) $(clock) -- $(ARGS)
compile_commands.json: $(WORKBOOK) ## for editors and clangd
	@$(WORKBOOK) compile-commands >$@
	@echo wrote $@

## Instructors
grade: $(WORKBOOK) ## grade chapters/: [SUBMISSION=dir] [BRIEF=yes] [JSON=file] [REPORT=file]; many: SUBMISSIONS=dir OUT=dir
	@$(WORKBOOK) $(if $(SUBMISSIONS),grade-all --submissions "$$SUBMISSIONS" $(if $(OUT),--out "$$OUT"),\
	    grade $(if $(BRIEF),--brief) $(submission) $(if $(JSON),--json "$$JSON") $(if $(REPORT),--report "$$REPORT"))

## Authors (CONTRIBUTING.md)
check: $(WORKBOOK) ## the project's own tests, all of them: [STEPS='mutants book']
	@./setup check
	@harness/check $(STEPS)
check-arm64: $(WORKBOOK) ## the scenarios of chapters 01 to 09 on an emulated AArch64 processor
	@./setup arm64
	@harness/check arm64
starters: $(WORKBOOK) ## write chapters/ anew from solutions/
	@$(WORKBOOK) starters
expected: $(WORKBOOK) ## record the expected traces from the reference: [CH=..] [EX=..]
	@$(WORKBOOK) expected $(chapter) $(exercise)
book: $(WORKBOOK) ## fill the book's listings and transcripts in anew
	@$(WORKBOOK) book
lint: $(WORKBOOK) ## what an exercise lacks
	@$(WORKBOOK) lint
mutants: $(WORKBOOK) ## run the wrong implementations: each must be caught: [CH=..]
	@$(WORKBOOK) mutants $(chapter)
variants: $(WORKBOOK) ## run the other right implementations: each must pass: [CH=..]
	@$(WORKBOOK) variants $(chapter)
flake: $(WORKBOOK) ## run all scenarios RUNS times under load; no verdict may differ
	@$(WORKBOOK) flake --runs '$(or $(RUNS),20)' $(chapter)
bench: $(BUILD)/ready ## measure the reference against the limit and its peers: [SHORT=yes] [ROW=spawn]
	@CC='$(CC)' SHORT='$(SHORT)' harness/bench/run $(ROW)
format: ## format all C files
	@clang-format -i $(shell git ls-files '*.c' '*.h' | grep -v '^chapters/')
clean: ## remove build/
	rm -rf $(BUILD)

# The tool.
sources := $(wildcard harness/supervisor/*.c)
objects := $(sources:harness/supervisor/%.c=$(BUILD)/supervisor/%.o)

$(WORKBOOK): $(objects)
	@$(CC) $(CFLAGS) $(objects) -o $@.new $$(pkg-config --libs libuv) && mv $@.new $@

$(objects): $(BUILD)/supervisor/%.o: harness/supervisor/%.c $(BUILD)/ready
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) -Wall -Wextra -Wno-unused-parameter \
	    $$(pkg-config --cflags libuv) -MMD -MP -c $< -o $@

-include $(objects:.o=.d)

# Compiler, libuv and the like: looked for once, and again when ./setup changes.
$(BUILD)/ready: setup
	@mkdir -p $(BUILD)
	@./setup
	@touch $@

.PHONY: help list test explore adversity hint debug run demo grade check check-arm64 starters expected book \
	lint mutants variants \
	flake bench format clean compile_commands.json
