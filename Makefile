# make all | test | demo | see | install | format | bench. Every target installs what is missing first (tools/install-deps.sh).
.PHONY: all demo see test install format bench deps
PREFIX ?= /usr/local

all: deps
	cmake --preset release >/dev/null
	cmake --build build --target eft

deps:
	@tools/install-deps.sh

test: deps
	tools/run-tests.sh

demo: all
	tools/demo.sh

see: all
	cmake --build build --target draw_pictures
	tools/see.sh

install: all
	cmake --install build --prefix $(PREFIX)

format:
	git ls-files '*.cpp' '*.h' | xargs clang-format -i

bench: all
	cmake --build build --target bench_products
	bench/run.sh $(MODELS)
