# What the set-up says, on standard error, so that a command's own output stays clean.
say() { printf '%s\n' "bascule: $*" >&2; }
die() { say "$*"; exit 1; }
