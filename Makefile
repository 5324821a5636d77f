# Parley's whole build. `make help` lists the targets.
#
# Nothing is declared here when a lib, a service or a test is added: they are found by folder.
#   CC=clang                builds with clang, into build/clang
#   SAN=address,undefined   builds with sanitizers into build/asan (SAN=thread: build/tsan)
#   BUILD=folder            builds elsewhere
#   VERSION=text            what the programs call themselves, where git is not there to be asked
#   V=1                     shows the commands

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

SAN   ?=
ifeq ($(SAN),)
BUILD ?= build$(if $(findstring clang,$(CC)),/clang)
else
BUILD ?= build/$(if $(findstring thread,$(SAN)),tsan,asan)
endif
FUZZ         := build/fuzz
FUZZ_SECONDS ?= 60

PACKAGES := librabbitmq libmongoc-1.0 hiredis libcjson libjwt libmicrohttpd libsodium libcurl openssl libutf8proc libzip zlib
CLI_PACKAGES := libedit libcurl libwebsockets libcjson
# One short line per step; V=1 shows the commands, -s nothing.
say = @$(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,printf '%-5s %s\n' $(1) $@;)
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)

# Rows of const tables leave out what is zero: gcc allows it where a row is designated, clang does not.
WARNINGS := -Wall -Wextra -Werror -Wno-missing-field-initializers -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-common
# Third-party headers are system headers: our warnings are for our own code.
INCLUDES := -I. -Ilibs $(patsubst -I%,-isystem %,$(sort $(call pkg,--cflags-only-I,$(PACKAGES) $(CLI_PACKAGES))))
CFLAGS   := -std=gnu17 -O2 -g -D_GNU_SOURCE -pthread $(WARNINGS) $(HARDENING) -fPIE
LDFLAGS  := -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS   := $(call pkg,--libs,$(PACKAGES)) -lnng -lstemmer -lm
ifeq ($(SAN),)
CFLAGS   += -D_FORTIFY_SOURCE=2
else
CFLAGS   += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=$(SAN)
endif
FUZZ_FLAGS := -std=gnu17 -O1 -g -D_GNU_SOURCE -pthread $(WARNINGS) -fno-omit-frame-pointer \
              -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

objects   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
without_main = $(filter-out %/main.o,$(1))
SERVICES := $(patsubst services/%/,%,$(sort $(dir $(wildcard services/*/*.c))))
LIB       := $(BUILD)/libparley.a
SUPPORT   := $(BUILD)/libsupport.a
PROGRAMS  := $(SERVICES:%=$(BUILD)/bin/parley-%) $(if $(wildcard clients/cli/*.c),$(BUILD)/bin/parley) $(BUILD)/bin/parleyctl
TESTS     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/*_test.c tests/contract/*_test.c))
ECHO      := $(if $(wildcard tests/support/echo/*.c),$(BUILD)/bin/parley-echo)
FUZZERS   := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
OPENAPI   := build/openapi.json
VERSION   ?= $(or $(shell git describe --always 2>/dev/null),unknown)

.PHONY: all programs tests run test test-long check-images check lint fuzz fuzzers bench format docs help clean
all: programs tests $(OPENAPI) ## build everything but the fuzzers
programs: $(PROGRAMS) $(ECHO)
tests: $(TESTS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c -o $@ $<

# Made anew when the version is another, and then alone.
$(BUILD)/version-$(VERSION):
	@mkdir -p $(@D) && rm -f $(BUILD)/version-* && touch $@
$(BUILD)/libs/base/version.o: $(BUILD)/version-$(VERSION)
%/libs/base/version.o: CFLAGS += -DPARLEY_VERSION='"$(VERSION)"'
%/libs/base/version.o: FUZZ_FLAGS += -DPARLEY_VERSION='"$(VERSION)"'

# A text that the assembler takes in, where no -MMD sees it.
$(BUILD)/services/auth/common_passwords.o: services/auth/common_passwords.txt

# A library is made anew when a file leaves its folder, or the old object would stay inside.
$(LIB): $(call objects,libs/*/*.c)
	@rm -f $@
	$(call say,AR)ar rcs $@ $^
$(SUPPORT): $(call objects,tests/support/*.c)
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR)ar rcs $@ $^

# A service is its folder plus libs/: nothing else to declare when one is added.
define service_rule
$(BUILD)/bin/parley-$(1): $(call objects,services/$(1)/*.c) $(LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach s,$(SERVICES),$(eval $(call service_rule,$(s))))

$(BUILD)/bin/parley: $(call objects,clients/cli/*.c) $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CLI_PACKAGES)) $(LDLIBS)

$(BUILD)/bin/parleyctl: $(call objects,clients/ctl/*.c) $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/bin/parley-echo: $(call objects,tests/support/echo/*.c) $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# tests/unit/<name>/ may test a service or a client: then their files but main.c belong to it.
# What a test's folder has beside tests belongs to each of them.
# The fakes of tests/support come before the library, so that they are found first.
define test_rule
$(BUILD)/$(1): $(BUILD)/$(1).o \
    $(call without_main,$(call objects,$(2:%=services/%/*.c) $(filter clients/cli clients/ctl,$(2:%=clients/%))/*.c)) \
    $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c,$(wildcard $(dir $(1))*.c))) \
    $(SUPPORT) $(LIB)
	$$(call say,LINK)$$(CC) $$(LDFLAGS) -o $$@ $$^ -lcmocka $(if $(filter cli,$(2)),$$(call pkg,--libs,$$(CLI_PACKAGES))) $$(LDLIBS)
endef
$(foreach t,$(TESTS:$(BUILD)/%=%),$(eval $(call test_rule,$(t),$(notdir $(patsubst %/,%,$(dir $(t)))))))

# Fuzzers are made by clang, whatever CC is, from sources compiled for coverage.
$(FUZZ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)clang $(FUZZ_FLAGS) $(INCLUDES) -MMD -MP -c -o $@ $<
$(FUZZ)/libparley.a: $(patsubst %.c,$(FUZZ)/%.o,$(wildcard libs/*/*.c))
	@rm -f $@
	$(call say,AR)ar rcs $@ $^
$(FUZZ)/bin/%_fuzz: $(FUZZ)/tests/fuzz/%_fuzz.o $(FUZZ)/libparley.a
	@mkdir -p $(@D)
	$(call say,LINK)clang -fsanitize=fuzzer,address,undefined -pthread -Wl,--as-needed -o $@ $^ -lwslay $(LDLIBS)

# What a run finds new stays in build/; tests/fuzz/corpus/<name> is what is kept.
fuzz-%: $(FUZZ)/bin/%_fuzz
	@mkdir -p $(FUZZ)/corpus/$* tests/fuzz/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=$(FUZZ)/$*- \
	    $(FUZZ)/corpus/$* tests/fuzz/corpus/$*
fuzz: $(FUZZERS:%=fuzz-%) ## run every fuzzer for FUZZ_SECONDS (60)
fuzzers: $(FUZZERS:%=$(FUZZ)/bin/%_fuzz)

build/openapi.json: tools/gen-openapi $(wildcard schemas/*.json)
	@mkdir -p $(@D)
	$(call say,GEN)tools/gen-openapi > $@

run: ## install what is missing, build, and serve on http://127.0.0.1:8080 (PORT=...)
	@tools/setup run
	@$(MAKE) --no-print-directory programs $(OPENAPI)
	@exec tools/run

test: ## install what is missing, build, and run every suite
	@tools/setup test
	@tools/test all

test-long: ## the system suite under sanitizers, kill tests many times, long fuzzing
	@tools/setup test
	@tools/test long

test-faults: ## break every part of two of each service, again and again
	@tools/setup test
	@tools/test faults

check: ## unit tests, contract tests, lint: seconds, no server
	@BUILD=$(BUILD) SAN=$(SAN) tools/test check

check-images: ## build docker/'s images without Docker and see them serve: as root, some minutes
	@tests/deploy/images

lint: ## layers and formatting
	@tools/test lint

bench: ## the load generator's scenarios
	@tools/setup test
	@$(MAKE) --no-print-directory programs
	@tests/bench/run

format: ## format every C file
	git ls-files '*.c' '*.h' | xargs clang-format -i

docs: programs $(BUILD)/tests/contract/topology_test ## write what is generated of docs/ and clients/
	tools/gen-docs
	tools/gen-types
	tools/gen-preload
	tools/gen-dashboard
	BIN=$(BUILD)/bin tools/gen-k8s

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target what; \
	    do printf '  make %-12s %s\n' "$$target" "$$what"; done

clean: ## remove build/ (data under var/ stays)
	rm -rf build

-include $(shell find build $(BUILD) -path build/images -prune -o -type f -name '*.d' -print 2>/dev/null)
