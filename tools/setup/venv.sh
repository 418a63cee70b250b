# .venv: Debian's own Python (never another python3 on PATH) with its packages in sight, plus tools/packages/python-*.txt.
# Made once, and again only when a list or the interpreter changed.

venv_key() { # names of lists -> what .venv was made of
  {
    /usr/bin/python3 -VV
    printf '%s\n' "$BASCULE_ROOT"
    for list in $1; do cat "$BASCULE_ROOT/tools/packages/python-$list.txt"; done
  } | sha256sum | cut -c 1-64
}

# $1: names of lists: run (the command line and the services), dev (the tests and linters), bench (the peers).
ensure_venv() {
  lists=$1
  venv=$BASCULE_ROOT/.venv
  key=$(venv_key "$lists")
  link_tree "$venv" 2>/dev/null || true
  if grep -qsx "$key" "$venv/bascule.keys" && "$venv/bin/python" -c 'import click, psutil, supervisor, tomli_w' 2>/dev/null; then
    return 0
  fi
  say "making .venv (python: $lists)"
  if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    /usr/bin/python3 -m venv --clear --system-site-packages "$venv" || die "could not make $venv: see above"
  fi
  set --
  for list in $lists; do set -- "$@" -r "$BASCULE_ROOT/tools/packages/python-$list.txt"; done
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@" >&2 ||
    die "pip could not install what tools/packages/python-*.txt name: is PyPI (or your index, pip config) in reach?"
  link_tree "$venv"
  printf '%s\n' "$key" >>"$venv/bascule.keys"
}

# Puts the tree's own packages on .venv's path, and the command line into .venv/bin.
link_tree() {
  for site in "$1"/lib/python3.*/site-packages; do
    printf '%s\n' "$BASCULE_ROOT/bindings/python" "$BASCULE_ROOT/build/dev/contracts/python" >"$site/bascule-tree.pth"
  done
  printf '#!%s/bin/python\nfrom bascule.cli import main\n\nmain()\n' "$1" >"$1/bin/bascule"
  chmod +x "$1/bin/bascule"
}
