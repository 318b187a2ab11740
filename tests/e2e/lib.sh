# shellcheck shell=sh
# lib.sh - what every end-to-end test stands on.
#
# A test is a shell script that speaks TAP: it sources this file, says what it
# tries with `try` and ends with `finish`.  It needs root, works only in
# network namespaces that carry its own name, and cleans up on every way out.
#
# Nothing sleeps for a fixed time: `await` asks again and again, up to a bound.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$(cd "$here/../.." && pwd)}
if [ -z "${top_builddir:-}" ]; then
	top_builddir=$top_srcdir
	[ ! -x "$top_srcdir/build/hopd" ] || top_builddir=$top_srcdir/build
fi
hopd=$top_builddir/hopd
hopctl=$top_builddir/hopctl
test_id=e2e-$(basename "$0" .sh)-$$
# The worker's jail has no place for the leak checker's helper thread.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
unset HOPD_SOCKET

tests=0		# tried
tmp=		# the test's own directory
netns=		# namespaces made
labs=		# labs that are up
pids=		# processes started

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

[ "$(id -u)" = 0 ] || skip_all 'needs root'
[ -z "${HOPD_NO_E2E:-}" ] || skip_all 'HOPD_NO_E2E is set'

cleanup()
{
	trap - EXIT INT TERM HUP
	trap '' PIPE
	for lab in $labs; do
		lab down "$lab"
	done
	for pid in $pids; do
		kill -CONT "$pid" 2>/dev/null
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	for ns in $netns; do
		ip netns del "$ns"
	done
	[ -z "$tmp" ] || rm -rf "$tmp"
}
trap cleanup EXIT
trap 'cleanup; exit 1' INT TERM HUP PIPE
tmp=$(mktemp -d "/tmp/$test_id.XXXXXX")

# ---- TAP ----------------------------------------------------------------------

# try TEXT COMMAND...: passes if the command does.  What it printed is shown
# when it does not, and stays in $tmp/out for `matches` and `has_lines`.
try()
{
	tests=$((tests + 1))
	_text=$1
	shift
	if "$@" >"$tmp/now" 2>&1; then
		echo "ok $tests - $_text"
	else
		echo "not ok $tests - $_text"
		echo "# command: $*"
		sed 's/^/# /' "$tmp/now"
	fi
	case $1 in
	matches | lacks | has_lines)	;;
	*)			mv "$tmp/now" "$tmp/out" ;;
	esac
}

# As try, for a command that must fail with a certain status.
try_status()	# TEXT STATUS COMMAND...
{
	_want=$2
	_title=$1
	shift 2
	try "$_title" status_is "$_want" "$@"
}

status_is()	# STATUS COMMAND...
{
	_expected=$1
	shift
	"$@"
	_got=$?
	[ "$_got" = "$_expected" ] || {
		echo "exit status $_got, expected $_expected"
		return 1
	}
}

skip()		# TEXT REASON
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# Something that must have worked for the rest to make sense.
need()
{
	"$@" >"$tmp/need" 2>&1 || {
		sed 's/^/# /' "$tmp/need"
		echo "Bail out! $*"
		exit 1
	}
}

finish()
{
	echo "1..$tests"
	exit 0
}

# await SECONDS COMMAND...: until the command passes.
await()
{
	_tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		_tries=$((_tries - 1))
		[ $_tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# ---- text ---------------------------------------------------------------------

# In a file, or in what the last command of a `try` printed.

matches()	# REGEX [FILE]
{
	grep -Eq -- "$1" "${2:-$tmp/out}" || {
		echo "expected a line that matches: $1"
		cat "${2:-$tmp/out}"
		return 1
	}
}

lacks()		# REGEX [FILE]
{
	! grep -E -- "$1" "${2:-$tmp/out}"
}

has_lines()	# N [FILE]
{
	[ "$(wc -l <"${2:-$tmp/out}")" = "$1" ] || {
		echo "expected $1 lines"
		cat "${2:-$tmp/out}"
		return 1
	}
}

# ---- namespaces, hopd ---------------------------------------------------------

ns_name()	# NODE
{
	echo "$test_id-$1"
}

ns_add()	# NODE
{
	ip netns add "$(ns_name "$1")" || return 1
	netns="$netns $(ns_name "$1")"
	in_ns "$1" ip link set lo up
}

in_ns()		# NODE COMMAND...
{
	_ns=$(ns_name "$1")
	shift
	nsenter --net="/run/netns/$_ns" -- "$@"
}

has_no_device()	# NAME, in the namespace a
{
	! in_ns a ip link show "$1"
}

# hopd_start [OPTIONS]: in the background; its control socket is $socket,
# what it says goes to $tmp/hopd.log, its process is $keeper.
socket=$tmp/hopd.sock

hopd_start()
{
	"$hopd" -S "$socket" "$@" >"$tmp/hopd.log" 2>&1 </dev/null &
	keeper=$!
	pids="$pids $keeper"
	await 10 hopctl port show || {
		cat "$tmp/hopd.log"
		return 1
	}
}

hopctl()
{
	timeout 10 "$hopctl" -S "$socket" "$@"
}

is_gone()	# PID
{
	! kill -0 "$1" 2>/dev/null
}

worker_of()	# KEEPER; its child
{
	tr ' ' '\n' <"/proc/$1/task/$1/children" 2>/dev/null | sed -n 1p
}

has_other_worker()	# KEEPER OLD
{
	_now=$(worker_of "$1")
	[ -n "$_now" ] && [ "$_now" != "$2" ]
}

# ---- labs ---------------------------------------------------------------------

export HOPD_LAB_PREFIX="$test_id-lab"
export HOPD_BUILD="$top_builddir"

lab()
{
	"$top_srcdir/lab/lab" "$@"
}

lab_dir()	# LAB
{
	echo "/run/hopd-lab-$HOPD_LAB_PREFIX/$1"
}

lab_up()	# LAB
{
	labs="$labs $1"
	lab up "$1" || {
		labs=
		return 1
	}
	socket=$(lab_dir "$1")/hopd.sock
	keeper=$(sed -n 's/^\([0-9]*\) [0-9]* hopd$/\1/p' \
	    "$(lab_dir "$1")/processes")
}

lab_down()	# LAB
{
	lab down "$1" || return 1
	labs=
}

has()	# PROGRAM
{
	command -v "$1" >/dev/null
}

# A host on each side of hopd, whose configuration goes on with standard input:
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
#	                                                (MTU 1400)
two_sides()
{
	need ns_add a
	need ns_add b
	{
		echo "port add tapa netns $(ns_name a)"
		echo "port add tapb netns $(ns_name b) mtu 1400"
		echo 'addr add 10.81.0.1/24 dev tapa'
		echo 'addr add 10.82.0.1/24 dev tapb'
		cat
	} >"$tmp/hopd.conf"
	need hopd_start -f "$tmp/hopd.conf"
	need in_ns a ip link set tapa up
	need in_ns a ip addr add 10.81.0.2/24 dev tapa
	need in_ns a ip route add default via 10.81.0.1
	need in_ns b ip link set tapb up mtu 1400
	need in_ns b ip addr add 10.82.0.2/24 dev tapb
	need in_ns b ip route add default via 10.82.0.1
}
