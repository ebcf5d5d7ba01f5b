#!/usr/bin/env bash
# Makes a bare Debian 12, clones the last commit of this repository into it and runs the README's commands there, each of them an
# argument; what the README promises of a new machine is so seen on one, whatever this one has installed.
#   tools/fresh-machine.sh [--ccache FOLDER] [--mirror URL] [COMMAND…]        e.g. 'make' 'make demo'; without any: make
#   --ccache FOLDER  what the compiler made before, so that it takes minutes; without it the time is that of a first build
#   --mirror URL     where Debian's packages are; without it, where this system's own apt takes them from
# Needs root, debootstrap and about 3 GB in TMPDIR (/var/tmp). Ends with 77 where such a machine cannot be made, otherwise with
# the code of the first command that fails. Nothing stays: the folder goes, and mounts are made in a namespace that ends with it.
set -euo pipefail

suite=bookworm
clone=/opt/eft

say() { printf '== fresh machine: %s ==\n' "$*"; }
cannot() { echo "fresh-machine.sh: no bare Debian 12 can be made here: $*" >&2; exit 77; }

# The first of apt's sources that has the suite's main packages.
mirror_of_apt() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(SITE)' |
    awk -v suite="$suite" '$1 == "Packages" && $2 == suite && $3 == "main" {print $4; exit}'
}

# How packages are fetched: proxies, certificates, sources; nothing of what is installed or configured beside that.
copy_apt() {
  local root=$1 folder
  apt-config dump Acquire >"$root/etc/apt/apt.conf.d/90fetching"
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(CREATED_BY) $(SITE) $(RELEASE) $(COMPONENT)' |
    awk -v suites="^$suite(-updates|-security)?$" '
      $1 == "Packages" && $3 ~ suites && $4 == "main" {print "deb", $2, $3, $4}' >"$root/etc/apt/sources.list"
  for folder in /etc/ssl/certs /usr/local/share/ca-certificates /etc/apt/auth.conf.d; do
    [ ! -d "$folder" ] || { mkdir -p "$root$folder" && cp -a "$folder/." "$root$folder"; }
  done
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# on ROOT COMMAND LINE: as a new user's shell, with nothing of this one's environment but the proxies.
on() {
  local root=$1 name environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  for name in TERM http_proxy https_proxy no_proxy; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  if [ -d "$root/ccache" ]; then
    # The same object for the same source, wherever the clone lies; and as much room as the folder's owner gives it.
    environment+=(CCACHE_DIR=/ccache "CCACHE_BASEDIR=$clone" CCACHE_NOHASHDIR=1 "CCACHE_MAXSIZE=$CCACHE_MAXSIZE")
  fi
  chroot "$root" env -i "${environment[@]}" bash -c "$2"
}

# In a namespace of its own, so that no mount outlives it.
inside() {
  local root=$1 mirror=$2 ccache=$3 command began=$SECONDS
  shift 3
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; cannot "debootstrap from $mirror failed, see above"; }
  copy_apt "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  if [ -n "$ccache" ]; then
    mkdir "$root/ccache"
    mount --bind "$ccache" "$root/ccache"
  fi
  say "Debian $(cat "$root/etc/debian_version") made in $((SECONDS - began)) s"

  on "$root" 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq git make' >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
  git clone -q --depth 1 "file://$PWD" "$root$clone"
  for command in "$@"; do
    began=$SECONDS
    say "$command"
    on "$root" "cd $clone && $command"
    say "$command took $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
  done
}

cd "$(dirname "$0")/.."
if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
  exit
fi

ccache='' mirror=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --ccache) mkdir -p "${2:?a folder}" && ccache=$(realpath "$2") ;;
    --mirror) mirror=${2:?a URL} ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
  esac
  shift 2
done
[ $# -gt 0 ] || set -- make

[ "$(id -u)" -eq 0 ] || cannot 'it needs root'
command -v debootstrap >/dev/null || cannot 'debootstrap is missing: apt-get install debootstrap'
unshare --mount --pid --fork true 2>/dev/null ||
  cannot 'this process may not make mount namespaces (a container without CAP_SYS_ADMIN?)'
mirror=${mirror:-$(mirror_of_apt)}
[ -n "$mirror" ] || cannot "none of apt's sources has $suite; give --mirror URL"
[ -z "$(git status --porcelain)" ] || say 'changes that are not committed are not in the clone'
CCACHE_MAXSIZE=$(ccache --get-config max_size 2>/dev/null || echo 5G)
export CCACHE_MAXSIZE

root=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
chmod 755 "$root"
child=''
clean() {
  if [ -n "$child" ]; then
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  rm -rf --one-file-system "$root" "$root.log"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unshare --mount --propagation private --pid --fork --kill-child "$0" --inside "$root" "$mirror" "$ccache" "$@" &
child=$!
code=0
wait "$child" || code=$?
child=''
exit "$code"
