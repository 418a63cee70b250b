# The Debian packages that the tree needs: what is missing, the exact line that installs it, and installing it.
# Lists are tools/packages/NAME.txt: one package a line, # for comments, "a|b" = the first that this release has,
# "command=package": only where there is no such command (a toolchain may have come from elsewhere).

list_packages() { # NAMES of lists -> their lines without comments
  for list in $1; do
    [ -f "$BASCULE_ROOT/tools/packages/$list.txt" ] || continue
    sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$BASCULE_ROOT/tools/packages/$list.txt" |
      while read -r line; do
        case $line in
          *=*) command -v "${line%%=*}" >/dev/null 2>&1 || printf '%s\n' "${line#*=}" ;;
          *) printf '%s\n' "$line" ;;
        esac
      done
  done
}

missing_packages() { # NAMES of lists -> one missing package a line; no alternative of it is installed
  wanted=$(list_packages "$1")
  # shellcheck disable=SC2046,SC2016
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $(printf '%s' "$wanted" | tr '|' '\n') 2>/dev/null |
    sed -n 's/ installed$//p' | tr '\n' ' ')
  for line in $wanted; do
    found=
    for package in $(printf '%s' "$line" | tr '|' ' '); do
      case " $installed " in *" $package "*) found=true ;; esac
    done
    [ -n "$found" ] || first_available "$line"
  done
}

first_available() { # "a|b|c" -> the first that apt knows, else the last (apt will then name what is wrong)
  for package in $(printf '%s' "$1" | tr '|' ' '); do
    case $1 in *'|'*) ;; *) break ;; esac
    # A package that exists only as a reference of others has no candidate.
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' && break
  done
  printf '%s\n' "$package"
}

as_root() { if [ "$(id -u)" = 0 ]; then printf ''; else printf 'sudo '; fi; }
apt_line() { printf '%sapt-get install -y --no-install-recommends %s\n' "$(as_root)" "$*"; }

check_release() {
  id=unknown version=
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-unknown}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
  fi
  case "$id $version" in
    "debian 12" | "debian 13" | "ubuntu 24.04") ;;
    *) say "this is $id $version; Bascule is built and tested on Debian 12, Debian 13 and Ubuntu 24.04. Going on" ;;
  esac
  command -v apt-get >/dev/null 2>&1 || die "no apt-get here: use Debian 12, Debian 13 or Ubuntu 24.04, or install" \
    "what tools/packages/debian.txt names in your system's way"
}

agreed() { # asks; true when the person, -y or CI says yes
  case ${assume_yes:-} in '' | false | 0) ;; *) return 0 ;; esac
  [ -t 0 ] || die "cannot ask without a terminal: run the line above, or give -y"
  printf 'Install them now? [y/N] ' >&2
  read -r answer || answer=
  case $answer in [yY]*) return 0 ;; esac
  return 1
}

# sudo asks on the terminal, whatever standard input is: without one it must need no password.
sudo_can_ask() { sudo -n true 2>/dev/null || (: </dev/tty) 2>/dev/null; }

ensure_packages() { # NAMES of lists
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  check_release
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
    die "Debian packages are missing, and neither root nor sudo is at hand. As root: $(apt_line $missing)"
  fi
  if [ "$(id -u)" != 0 ] && ! sudo_can_ask; then
    die "Debian packages are missing; sudo wants a password, and there is no terminal to ask for it. As root, or as" \
      "somebody who needs none: apt-get update && $(apt_line $missing | sed 's/^sudo //')"
  fi
  say "Debian packages missing:" $missing
  say "$(as_root)apt-get update && $(apt_line $missing)"
  agreed || die "nothing installed. Run the line above, then again"
  export DEBIAN_FRONTEND=noninteractive
  sudo=$(as_root)
  $sudo apt-get update -q -o Acquire::Retries=3 >&2 || say "apt-get update failed; going on with the lists at hand"
  missing=$(missing_packages "$1") # with fresh lists the choice among alternatives may differ
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 --no-install-recommends $missing >&2 ||
    die "apt-get could not install them: see above. Another apt may hold the lock, or the mirror may be out of reach"
}
