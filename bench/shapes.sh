#!/usr/bin/env bash
# shapes.sh: the table of training.sh for random models of SHAPES (gemma4_e2b_10 gemma3n_e2b_10), ten layers each.
export SHAPES=${SHAPES:-gemma4_e2b_10 gemma3n_e2b_10}
exec "$(dirname "$0")/training.sh"
