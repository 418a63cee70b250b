# The foreign AMQP clients of tests/interop, fetched and built once into build/interop/NAME: what each is made of is in
# its folder tests/interop/clients/NAME (versions pinned there). Made again when that folder or its toolchain changed.

wants_interop() { # "test" [PART...] [OPTIONS]: is the part interop among what is asked for?
  shift
  named=
  while [ $# -gt 0 ]; do
    case $1 in
      interop) return 0 ;;
      -k) [ $# -gt 1 ] && shift ;;
      -*) ;;
      *) named=true ;;
    esac
    shift
  done
  [ -z "$named" ]
}

ensure_interop() {
  ensure_client rhea npm node --version
  ensure_client go_amqp go go version
  ensure_client qpid_jms mvn javac -version
}

# A client that cannot be made says why in build/interop/NAME.missing; its tests are then skipped with that reason, and
# fail where CI is set.
ensure_client() { # NAME, COMMAND that fetches, COMMAND... whose output tells the toolchain's version
  name=$1 fetcher=$2
  shift 2
  source=$BASCULE_ROOT/tests/interop/clients/$name
  made=$BASCULE_ROOT/build/interop/$name
  if ! command -v "$fetcher" >/dev/null 2>&1 || ! command -v "$1" >/dev/null 2>&1; then
    mkdir -p "$BASCULE_ROOT/build/interop"
    printf '%s\n' "no $fetcher or $1 here: $(apt_line $(list_packages interop))" >"$made.missing"
    return 0
  fi
  key=$({ "$@" 2>&1; cat "$BASCULE_ROOT/tools/setup/interop.sh"; find "$source" -type f -exec sha256sum {} + | sort; } | sha256sum | cut -c 1-64)
  if grep -qsx "$key" "$made/key"; then return 0; fi
  say "fetching and building the $name client of tests/interop"
  rm -f "$made.missing"
  for pause in 2 10 0; do # a registry that does not answer once may answer the next time
    rm -rf "$made"
    mkdir -p "$made"
    if "make_$name" "$source" "$made" >"$made/log" 2>&1; then
      printf '%s\n' "$key" >"$made/key"
      return 0
    fi
    sleep "$pause"
  done
  tail -n 20 "$made/log" >&2
  printf '%s\n' "it could not be made; all of it is in build/interop/$name/log" >"$made.missing"
  say "the $name client could not be made; its tests will say so"
}

make_rhea() { # SOURCE MADE
  cp "$1/package.json" "$1/package-lock.json" "$2" &&
    (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund)
}

make_go_amqp() {
  (cd "$1" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local go build -buildvcs=false -o "$2/client" .)
}

make_qpid_jms() {
  mvn -q -B -f "$1/pom.xml" dependency:copy-dependencies -DoutputDirectory="$2/lib" &&
    javac -nowarn --release 17 -d "$2/classes" -cp "$2/lib/*" "$1"/*.java
}
