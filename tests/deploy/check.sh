#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks what is in deploy/ and docs/operations.md, the manual page and what completes commands:
#
#   tests/deploy/check.sh [PROGRAM]    all that needs no container: a minute. ./test does it
#   tests/deploy/check.sh --package    also builds the Debian package, twice, and installs it in a Debian root; as root
#   tests/deploy/check.sh --image      also builds the images in a Debian root and starts the result: half an hour, as root
#
# Says for each check whether it passed, was skipped and why, or failed and its words.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
package='' image='' program=$PWD/build/release/avatar-worker
for word in "$@"; do
  case $word in
    --package) package=yes ;;
    --image) image=yes ;;
    *) program=$word ;;
  esac
done
PATH=$PWD/.deps/deploy/bin:$PWD/.deps/deploy/venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

# check NAME TOOL COMMAND...: TOOL is what it needs to be installed.
check() {
  local name=$1 tool=$2
  shift 2
  if ! command -v "$tool" >/dev/null; then
    skipped=$((skipped + 1))
    echo "skipped $name: there is no $tool; tests/deploy/install.sh all brings it"
  elif "$@" >"$work/words" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    sed 's/^/        /' "$work/words"
  fi
}

yaml() {
  # shellcheck disable=SC2046
  yamllint -d '{extends: default, rules: {line-length: {max: 140}, document-start: disable, braces: {max-spaces-inside: 1},
    comments: {min-spaces-from-content: 1}, quoted-strings: disable, truthy: {check-keys: false}}}' \
    $(git ls-files -co --exclude-standard 'deploy/*.yaml' 'deploy/*.yml' ':!deploy/helm/avatar-worker/templates')
}

compose() {
  export AVATAR_API_TOKEN=a LIVEKIT_API_KEY=b LIVEKIT_API_SECRET=c GRAFANA_PASSWORD=d AVATAR_MODEL=/srv/avatar-model
  schemas compose deploy/compose/compose.yaml &&
    schemas compose deploy/compose/compose.yaml deploy/compose/compose.gpu.yaml &&
    ! env -u AVATAR_API_TOKEN "$(command -v schemas)" compose deploy/compose/compose.yaml
}

prometheus() {
  promtool check config --syntax-only deploy/prometheus/prometheus.yml &&
    promtool check rules deploy/prometheus/alerts.yml &&
    (cd deploy/prometheus && promtool test rules alerts_test.yml)
}

promql() {
  python3 tests/deploy/words.py metrics >"$work/metrics" &&
    schemas promql "$work/metrics" deploy/grafana/avatar-worker.json deploy/prometheus/alerts.yml "$work"/chart/keda.yaml
}

# The chart as people install it: each way is linted, rendered and held against the schemas.
chart() {
  local chart=deploy/helm/avatar-worker
  mkdir -p "$work/chart"
  render() { helm template a $chart -n avatars --kube-version 1.31 "$@"; }
  way() {
    local name=$1
    shift
    helm lint --strict --quiet $chart --set token.value=x "$@" && render --set token.value=x "$@" >"$work/chart/$name.yaml" &&
      schemas kubernetes "$work/chart/$name.yaml"
  }
  # refused WORDS VALUES...
  refused() {
    local words=$1
    shift
    if render "$@" >"$work/said" 2>&1 || ! grep "$words" "$work/said"; then
      cat "$work/said"
      return 1
    fi
  }
  way plain && way gpu -f $chart/values-gpu.yaml &&
    way hpa --set autoscaling.kind=hpa --set maxSessions=8 &&
    way keda --set autoscaling.kind=keda --set serviceMonitor.enabled=true --set prometheusRule.enabled=true &&
    way host --set media.mode=host --set networkPolicy.callers[0].ipBlock.cidr=10.0.0.0/8 &&
    way turn --set media.mode=turn --set media.turnSecret=turn --set token.value= --set token.existingSecret=mine &&
    way ingress --set ingress.enabled=true --set ingress.host=a.example.com --set ingress.tlsSecret=tls \
      --set settings.AVATAR_IDLE_SECONDS=120 --set presets.volume.persistentVolumeClaim.claimName=presets &&
    refused 'set token.value' && refused drainSecond --set token.value=x --set drainSecond=3 &&
    refused turnSecret --set token.value=x --set media.mode=turn &&
    # The grace period follows the drain.
    render --set token.value=x --set drainSeconds=600 | grep -q 'terminationGracePeriodSeconds: 620'
}

systemd() {
  mkdir -p "$work/units/avatar-worker.service.d"
  # The program need not be installed here.
  sed 's|^ExecStart=/usr/bin/avatar-worker|ExecStart=/bin/true|' deploy/systemd/avatar-worker.service >"$work/units/avatar-worker.service"
  for with in plain gpu; do
    [[ $with == plain ]] || cp deploy/systemd/gpu.conf "$work/units/avatar-worker.service.d/"
    SYSTEMD_UNIT_PATH=$work/units: systemd-analyze verify --man=no avatar-worker.service 2>&1 | tee "$work/said"
    [[ ! -s $work/said ]] || return 1
  done
  systemd-analyze security --offline=true --threshold=20 --no-pager deploy/systemd/avatar-worker.service
}

bill_of_materials() {
  python3 tools/sbom.py --program "$program" --system "$work/sbom" &&
    "$PWD/.deps/deploy/venv/bin/python" - "$work/sbom/sbom.cdx.json" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong)[:2000] if wrong else 0)
PYTHON
}

check "the guide, the files and the sources name the same settings, metrics and events" python3 python3 tests/deploy/words.py
check "yamllint" yamllint yaml
check "shellcheck" shellcheck shellcheck -x deploy/docker/collect.sh deploy/debian/{postinst,prerm,postrm} tests/deploy/*.sh \
  tools/package.sh
check "hadolint: images" hadolint hadolint deploy/docker/Dockerfile deploy/docker/Dockerfile.cuda
check "Compose's own loader: one box, with a GPU, and not without a key" schemas compose
check "promtool: configuration, alerts and their tests" promtool prometheus
check "helm: seven ways to install the chart, against the types of Kubernetes, KEDA and the Prometheus Operator" helm chart
check "PromQL of dashboard, alerts and autoscaling parses and names metrics that the program has" schemas promql
check "systemd-analyze: the unit, and its hardening" systemd-analyze systemd
check "cfn-lint: AWS" cfn-lint cfn-lint deploy/aws/avatar-worker.yaml
check "the guide's lines for AWS, against an emulator" moto_server tests/deploy/aws_guide.sh
check "the companion on ECS" busybox python3 tests/deploy/companion_test.py
check "figures for CloudWatch in the log" "$program" python3 tests/deploy/figures_test.py "$program"
check "Cloud Run's Admin API" schemas schemas cloudrun deploy/cloudrun/service-gpu.yaml deploy/cloudrun/service-cpu.yaml
check "Azure's models" cfn-lint python tests/deploy/container_apps.py deploy/azure/containerapp-gpu.yaml deploy/azure/containerapp-cpu.yaml
check "bill of materials: CycloneDX's schema" cfn-lint bill_of_materials
check "manual page, and what bash and zsh complete" "$program" tests/deploy/manual.sh "$program"
if [[ -n $package ]]; then
  check "the Debian package, the same bytes from two folders" dpkg-deb tests/deploy/reproducible.sh "$work/deb"
  check "the Debian package, in a Debian root" debootstrap python3 tests/deploy/package.py "$work"/deb/*.deb
fi
if [[ -n $image ]]; then
  check "the image's steps, in a Debian root" debootstrap \
    python3 tests/deploy/dockerfile.py deploy/docker/Dockerfile .deps/deploy/images/cpu
  check "the image of CUDA, in a Debian root" debootstrap python3 tests/deploy/dockerfile.py deploy/docker/Dockerfile.cuda \
    .deps/deploy/images/cuda avatar-worker=.deps/deploy/images/cpu
  check "the image, started as by an engine" unshare python3 tests/deploy/start_image.py .deps/deploy/images/cpu
fi
echo "deploy: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
