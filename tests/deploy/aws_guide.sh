#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the lines of docs/operations.md that begin with "# aws" against an emulator of AWS on this machine (moto), once as
# they stand and once with the GPU's capacity, and looks at what stands then. There is no container engine: docker is
# played. Needs tests/deploy/install.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/.deps/deploy/venv/bin:$PATH
work=$(mktemp -d)
trap 'kill $emulator; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
moto_server -H 127.0.0.1 -p "$port" >"$work/emulator.log" 2>&1 &
emulator=$!
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
export AWS_DEFAULT_REGION=eu-central-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
for _ in $(seq 300); do
  (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  sleep 0.2
done

lines=$(awk '/^```sh$/ { block = ""; inside = 1; next } /^```$/ { if (block ~ /^# aws\n/) printf "%s", block; inside = 0 }
             inside { block = block $0 "\n" }' docs/operations.md)
[[ $lines == *"cloudformation deploy"* ]] || { echo "aws_guide: its lines are not found in the guide" >&2; exit 1; }
run() {
  bash -euo pipefail -c 'docker() { [[ $1 != login ]] || cat >/dev/null; }; '"$1" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    tail -n 5 "$work/emulator.log" >&2
    exit 1
  }
}
run "$lines"
run "$(sed -e 's/Capacity=cpu/Capacity=gpu/' -e 's/--stack-name avatar/--stack-name gpu/' \
  -e '/create-repository/d' -e 's/--name avatar-api-token/--name gpu-token/' -e '/describe-services/d' <<<"$lines")"

# What the tasks are to be, as far as the emulator keeps it.
task() { aws ecs describe-task-definition --task-definition "$1" --query "taskDefinition.$2" --output text; }
see() { [[ $1 == "$2" ]] || { echo "aws_guide: $3 is \"$1\", not \"$2\"" >&2; exit 1; }; }
see "$(aws cloudformation describe-stacks --query 'Stacks[].StackStatus' --output text)" $'CREATE_COMPLETE\tCREATE_COMPLETE' "the state of the stacks"
for stack in avatar gpu; do
  see "$(task $stack 'containerDefinitions[0].readonlyRootFilesystem')" True "whether the root is read-only"
  see "$(task $stack 'containerDefinitions[].user')" $'10001:10001\t10001:10001' "the user of worker and companion"
  see "$(task $stack 'volumes[].name')" $'presets\tmodels\ttmp\tcache' "what is mounted"
done
models() { task "$1" "containerDefinitions[0].environment[?name=='AVATAR_MODEL_DIR'].value"; }
see "$(models gpu)" /persistent-storage/avatar-model "where the neural engine finds its networks"
see "$(models avatar)" "" "what the mesh engine is told of networks"
see "$(aws efs describe-access-points --query 'length(AccessPoints)')" 4 "the number of access points"
echo "the lines of the guide run, and make what they should"
