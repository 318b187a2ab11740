#!/bin/sh
# Workers that die again and again, one of a new program, and a device that
# is taken away.
#
#	hopd --taph-- a namespace
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ns_add a
printf 'port add taph netns %s\naddr add 10.9.0.1/24 dev taph\n' \
    "$(ns_name a)" >"$tmp/hopd.conf"
cp "$hopd" "$tmp/hopd"
hopd=$tmp/hopd
need hopd_start -f "$tmp/hopd.conf"
need in_ns a ip link set taph up
need in_ns a ip addr add 10.9.0.2/24 dev taph

answers_ping()
{
	in_ns a ping -n -c 1 -W 1 10.9.0.1
}

# As soon as there is one, it dies: some of them before they are ready.
for _ in 1 2 3 4 5 6; do
	worker=$(worker_of "$keeper")
	kill -KILL "$worker"
	need await 20 has_other_worker "$keeper" "$worker"
done
daytime_is_today()
{
	in_ns a bash -c 'exec 3<>/dev/udp/10.9.0.1/13; echo >&3
		timeout 2 head -n 1 <&3' | grep -q "$(date -u +%Y)"
}

try 'after many short lives the device is there' in_ns a ip link show taph
try 'and it is answered on it' await 20 answers_ping
need hopctl inetd add daytime
try 'the daytime service tells this year' await 5 daytime_is_today
try 'the last starts were delayed' test "$(grep -c 'starting it again' \
    "$tmp/hopd.log")" = 6

# An upgrade: another file at the same place.
cp "$hopd" "$tmp/hopd.new"
new=$(stat -c %i "$tmp/hopd.new")
mv "$tmp/hopd.new" "$hopd"
worker=$(worker_of "$keeper")
try 'the old program runs on' test \
    "$(readlink "/proc/$worker/exe")" = "$hopd (deleted)"
kill "$worker"
try 'a worker that ends is followed by another' await 20 \
    has_other_worker "$keeper" "$worker"
worker=$(worker_of "$keeper")
try 'of the new program' await 10 test \
    "$(stat -L -c %i "/proc/$worker/exe")" = "$new"
try 'under the old keeper' test \
    "$(readlink "/proc/$keeper/exe")" = "$hopd (deleted)"
try 'and it answers' await 20 answers_ping
# The device is taken away: hopd goes on, and makes another on demand.
port_is_down()
{
	hopctl port show taph | grep -q '# down'
}
need in_ns a ip link del taph
try 'a device that is taken away is down' await 10 port_is_down
try_status 'and no route leads there' 1 hopctl route get 10.9.0.7
worker=$(worker_of "$keeper")
kill -KILL "$worker"
need await 20 has_other_worker "$keeper" "$worker"
try 'for the next worker too' await 20 port_is_down
try_status 'which has no route there either' 1 hopctl route get 10.9.0.7
need hopctl port del taph
need hopctl port add taph netns "$(ns_name a)"
need hopctl addr add 10.9.0.1/24 dev taph
need in_ns a ip link set taph up
need in_ns a ip addr add 10.9.0.2/24 dev taph
try 'a new device in its place works' await 10 answers_ping

# A journal that has become wrong: a worker comes back all the same, without the
# one line, on the same device.
next_worker()
{
	worker=$(worker_of "$keeper")
	kill -KILL "$worker"
	await 20 has_other_worker "$keeper" "$worker"
}

address_is_there()
{
	hopctl addr show dev taph | grep -q '10.8.0.1/24'
}
spoil_journal()
{
	for fd in "/proc/$(worker_of "$keeper")/fd/"*; do
		case $(readlink "$fd") in
		*hopd-journal*)
			sed 's/via 10.9.0.2/via 10.7.0.2/' "$fd" \
			    >"$tmp/journal"
			dd if="$tmp/journal" of="$fd" conv=notrunc status=none
			;;
		esac
	done
	grep -q 'via 10.7.0.2' "$tmp/journal"
}
need hopctl route add 10.99.0.0/16 via 10.9.0.2
need hopctl addr add 10.8.0.1/24 dev taph
try_status 'an address on which a route stands is not taken away' 1 \
    hopctl addr del 10.9.0.1/24 dev taph
need next_worker
need await 20 address_is_there
need spoil_journal
need next_worker
try 'a route without its network does not keep workers away' \
    await 20 address_is_there
try 'and is told of' grep -q '10.99.0.0/16.*10.7.0.2' "$tmp/hopd.log"
try 'the device is the same' await 10 answers_ping
finish
