# Configures once and builds with Ninja, which itself finds that nothing changed.

# As many compilers as there are cores, but never more than memory carries: a template-heavy unit takes up to 1.5 GB.
build_jobs() {
  cores=$(nproc)
  fit=$(awk '/^MemAvailable:/ {print int($2 / 1536 / 1024)}' /proc/meminfo)
  [ "${fit:-1}" -ge 1 ] || fit=1
  if [ "$fit" -lt "$cores" ]; then printf '%s' "$fit"; else printf '%s' "$cores"; fi
}

ensure_built() { # PRESET
  tree=$BASCULE_ROOT/build/$1
  cd "$BASCULE_ROOT"
  if [ ! -f "$tree/build.ninja" ]; then
    say "configuring (cmake --preset $1)"
    cmake --preset "$1" >"$BASCULE_ROOT/.bascule/configure-$1.log" 2>&1 || {
      tail -n 40 "$BASCULE_ROOT/.bascule/configure-$1.log" >&2
      die "cmake --preset $1 failed; all of it is in .bascule/configure-$1.log"
    }
  fi
  NINJA_STATUS='[%f/%t, %es] ' ninja -C "$tree" -j "$(build_jobs)" >&2 || die "the build failed: see above"
}
