#!/bin/sh
# From raw packages to media/builtin in one command. Debian 12 with python3-torch, python3-sentencepiece, python3-onnx, python3-matplotlib,
# libopenblas0, openclipart-svg and wordnet-base; Node 20. Usage: training/run.sh [minutes of training, default 60]
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
python=${PYTHON:-/usr/bin/python3}
# glibc hands large blocks back to the system after each step otherwise, and every step pays for the page faults.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000 MALLOC_TOP_PAD_=300000000 OMP_WAIT_POLICY=passive
node prepare.mjs
$python dedupe.py
$python compose.py
$python dedupe.py
$python words.py --vocabulary
$python train.py --run main --minutes "${1:-60}"
$python polish.py --run main --minutes 10
$python evaluate.py main
$python builtin.py --run main
$python report.py main
node check.mjs
