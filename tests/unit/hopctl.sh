#!/bin/sh
# hopctl without hopd: help, completion, usage, exit codes; and its man page,
# which must show every command of the table as the table has it.

set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"
hopctl=$top_builddir/hopctl
hop_ipvsadm=$top_builddir/hop-ipvsadm
export HOPD_SOCKET=/nonexistent/hopd.sock
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# check STATUS OUTPUT WORDS...: what hopctl WORDS exits with, and a part of
# what it prints on either output.
check()
{
	status=$1
	part=$2
	shift 2
	n=$((n + 1))
	"$hopctl" "$@" > "$tmp/out" 2>&1 < /dev/null
	got=$?
	if [ "$got" -eq "$status" ] && grep -qF -- "$part" "$tmp/out"; then
		echo "ok $n - hopctl $*"
	else
		sed 's/^/# /' "$tmp/out"
		echo "# status $got instead of $status, expected: $part"
		echo "not ok $n - hopctl $*"
	fi
}

check 0 "routing table" help
check 0 "port add NAME [up|down] [type tap|tun]" help port
check 0 "namespace of the device" help port add
# What could not be written is not silently lost.
for how in "$hopctl help" "$hopctl help config" "$hop_ipvsadm --help"; do
	n=$((n + 1))
	$how > /dev/full 2> "$tmp/out" < /dev/null
	got=$?
	if [ "$got" -eq 1 ] &&
	    grep -q ': standard output: No space left' "$tmp/out"; then
		echo "ok $n - ${how##*/}, to a full disk"
	else
		sed 's/^/# /' "$tmp/out"
		echo "not ok $n - ${how##*/}, to a full disk: status $got"
	fi
done

check 2 '"nonsense": no such command' help nonsense
check 0 "hopctl " version
check 0 "hopctl " -V
check 0 "routing table" -h
check 0 "routing table" --help
check 0 "hopctl " --version
check 0 '[{"name": "hopctl", "version": "' -j version
check 0 '[{"name": "hopctl", "version": "' -j --version
check 3 'is hopd running?' --json port
check 3 '"/nonexistent/x"' --socket /nonexistent/x
check 2 "usage: hopctl" --nonsense
check 2 "usage: hopctl" -x
check 2 "usage: hopctl" -S
check 0 "announce" complete -- neigh ann
check 2 'did you mean "route"?' rute show
check 2 'could be service or server' serv
check 2 '"10.0.0.1.1": expected an IPv4 address' route get 10.0.0.1.1
check 3 'is hopd running?' route show
check 3 '"/nonexistent/x"' -S /nonexistent/x
check 3 'is hopd running?' -j
check 1 '"/nonexistent/f": No such file' config check /nonexistent/f
check 1 '/nonexistent/f.tmp' config save /nonexistent/f
check 3 'is hopd running?' config save "$tmp/f"

# Nothing is left behind by what could not be saved.
n=$((n + 1))
if [ -e "$tmp/f" ] || [ -e "$tmp/f.tmp" ]; then
	echo "not ok $n - nothing left behind"
else
	echo "ok $n - nothing left behind"
fi

n=$((n + 1))
if ! command -v mandoc > /dev/null; then
	echo "ok $n - man page # SKIP mandoc is not installed"
else
	mandoc -T ascii "$top_srcdir/man/hopctl.8" | col -bx | tr -s ' \n' ' ' \
	    > "$tmp/man"
	missing=0
	for object in $("$hopctl" help | awk '/^  / { print $1 }'); do
		"$hopctl" help "$object" | grep "^$object" > "$tmp/synopses"
		while IFS= read -r line; do
			grep -qF -- "$line" "$tmp/man" && continue
			echo "# not in hopctl(8): $line"
			missing=1
		done < "$tmp/synopses"
	done
	[ "$missing" -eq 0 ] || printf 'not '
	echo "ok $n - hopctl(8) has every command"
fi
echo "1..$n"
