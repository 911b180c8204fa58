#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# fetch.sh: Debian's packages of any release for amd64 and arm64, unpacked, not
# installed, and with no change to the machine's own apt: it has its own lists in
# DIR/apt. The mirrors are those of the machine's apt; they hold the other releases, too.
#
#   fetch.sh DIR kernels ARCH                   prints "SERIES PACKAGE...", the newest first: a mirror
#                                               may not have all that its lists name
#   fetch.sh DIR unpack ARCH ROOT PACKAGE...    makes ROOT, unless it is there; kernels are
#                                               of any release, other packages of the machine's
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd) command=$2 arch=$3
shift 3
apt=$dir/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# The mirrors have no older ones any more.
releases="bullseye bookworm bookworm-backports trixie trixie-backports"
security="bullseye-security bookworm-security trixie-security"

mirror() { # mirror LABEL: where the machine's apt gets that from
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$1 //p" | head -1
}

configure() {
	main=$(mirror Debian) && extra=$(mirror Debian-Security) || main=
	if [ -z "$main" ] || [ ! -e "$keyring" ]; then
		echo "fetch.sh: the kernels are Debian's, and this machine's apt has no lists of Debian" >&2
		return 1
	fi
	rm -rf "$apt" && mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/empty" && : >"$apt/status"
	for r in $releases; do echo "deb [signed-by=$keyring] $main $r main"; done >"$apt/sources.list"
	for r in ${extra:+$security}; do echo "deb [signed-by=$keyring] $extra $r main"; done >>"$apt/sources.list"
	cat >"$apt/apt.conf" <<-EOF
		Dir::State "$apt"; Dir::State::status "$apt/status"; Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "$apt/empty";
		Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "$apt/empty";
		APT::Architecture "amd64"; APT::Architectures { "amd64"; "arm64"; };
		APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	EOF
	APT_CONFIG=$apt/apt.conf apt-get update -q >"$apt/log" 2>&1 || { cat "$apt/log" >&2; return 1; }
	: >"$apt/complete"
}

# Older lists name packages that are gone.
[ -n "$(find "$apt/complete" -mtime -1 2>/dev/null)" ] || configure
export APT_CONFIG="$apt/apt.conf"

case $command in
kernels)
	# The meta packages name the image of each release, security and backport. The cloud
	# kernels have all that the tests need, and a third of the others' size.
	apt-cache show "linux-image-cloud-$arch:$arch" | sed -n 's/^Depends:.*\(linux-image-[0-9][^ ]*\).*/\1/p' |
		sed 's/^linux-image-\([0-9]*\.[0-9]*\).*/\1 &/' | sort -rV |
		awk '{ list[$1] = list[$1] " " $2 } END { for (s in list) print s list[s] }' | sort -V
	;;
unpack)
	root=$1
	shift
	[ ! -e "$root" ] || exit 0
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	for p in "$@"; do
		shift
		case $p in
		linux-image-*) # since 7.3 the kernel and its modules are packages of their own
			set -- "$@" "$p:$arch"
			for part in binary modules; do
				part=linux-$part-${p#linux-image-}:$arch
				[ -z "$(apt-cache show "$part" 2>/dev/null)" ] || set -- "$@" "$part"
			done
			;;
		*) set -- "$@" "$p:$arch/$release" ;;
		esac
	done
	tmp=$(mktemp -d "$dir/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/root"
	(cd "$tmp" && apt-get download -q "$@") >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }
	for deb in "$tmp"/*.deb; do dpkg-deb -x "$deb" "$tmp/root"; done
	mkdir -p "$(dirname "$root")" && mv "$tmp/root" "$root"
	;;
*)
	echo "fetch.sh: what is $command?" >&2
	exit 2
	;;
esac
