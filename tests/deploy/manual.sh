#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Looks at what `avatar-worker manual` prints: groff and the shells read it without a word, and each verb and each option that
# --help tells is in it. What bash completes is asked of bash itself.
#
#   manual.sh AVATAR_WORKER
set -euo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "manual: $*" >&2; exit 1; }

"$program" manual man >"$work/page"
LC_ALL=C groff -man -Tascii -ww -P-cbou -rLL=200n "$work/page" >"$work/text" 2>"$work/said"
[[ ! -s $work/said ]] || fail "groff says $(head -n 3 "$work/said")"
"$program" manual bash >"$work/completion.bash"
bash -n "$work/completion.bash"
"$program" manual zsh >"$work/_avatar-worker"
zsh -n "$work/_avatar-worker"

# shellcheck source=/dev/null
. "$work/completion.bash"
compopt() { :; } # there is no line being edited
# completes WORD...: what bash offers for the last one.
completes() {
  COMP_WORDS=(avatar-worker "$@") COMP_CWORD=$#
  _avatar_worker
  printf '%s\n' "${COMPREPLY[@]}"
}
options() { grep -oE '^ +(-[a-z],)?--[a-z0-9-]+' | sed 's/.*--/--/' | grep -vx -e --help -e --version; }
has() { grep -qF -e "$1" "$2" || fail "$1 is missing in ${2##*/}"; }

verbs=$("$program" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]\+\) .*/\1/p')
[[ $(wc -w <<<"$verbs") -ge 7 ]] || fail "the verbs are not found in --help: $verbs"
[[ $(completes '' | grep -v '^--' | sort | xargs) == "$(sort <<<"$verbs" | xargs)" ]] || fail "bash completes other verbs"
seen=0
for verb in $verbs; do
  has "$verb" "$work/text"
  has "_avatar_worker_$verb()" "$work/_avatar-worker"
  offered=$(completes "$verb" --)
  for option in $("$program" "$verb" --help | options || true); do
    seen=$((seen + 1))
    has "$option" "$work/text"
    has "'${option}[" "$work/_avatar-worker"
    grep -qxF -e "$option" <<<"$offered" || fail "bash does not complete $option after $verb"
  done
done
((seen > 100)) || fail "only $seen options were found in --help"
[[ $(completes models | xargs) == models && $(completes models '' | grep -v '^--' | xargs) == "check fetch" ]] ||
  fail "bash does not complete the verbs of models"
[[ $(completes manual z) == zsh ]] || fail "bash does not complete what manual takes"
cd "$work" && mkdir folder && touch page.txt
[[ $(completes render --picture pa | xargs) == "page page.txt" ]] || fail "bash completes no files"
[[ $(completes serve --presets f) == folder ]] || fail "bash completes no folders"

# zsh itself offers them: a shell with a line to edit, in a terminal of its own.
cat >"$work/.zshrc" <<'ZSH'
PS1= ; fpath=($ZDOTDIR $fpath)
autoload -U compinit && compinit -u -D
zstyle ':completion:*' list-prompt ''
LISTMAX=1000
ZSH
python3 - "$work" <<'PYTHON' || fail "zsh does not complete"
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ |= {"ZDOTDIR": sys.argv[1], "TERM": "dumb", "COLUMNS": "200", "LINES": "200"}
    os.execvp("zsh", ["zsh", "-i"])
def said(seconds):
    text, end = b"", time.monotonic() + seconds
    while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
        try:
            text += os.read(terminal, 65536)
        except OSError:
            break
    return text.decode(errors="replace")
said(2)
os.write(terminal, b"avatar-worker \t\t")
first = said(3)
os.write(terminal, b"\x15avatar-worker render --\t\t")
second = said(3)
os.write(terminal, b"\x15exit\n")
os.close(terminal)
missing = [word for word in ("serve", "render", "doctor", "manual") if word not in first]
missing += [word for word in ("--picture", "--contact-sheet", "--emotion-log") if word not in second]
sys.exit(f"zsh does not offer {missing}:\n{first}\n{second}" if missing else 0)
PYTHON
echo "$seen options of $(wc -w <<<"$verbs") verbs"
