#!/bin/sh
# hopd as a scanner sees it: hosts, protocols, ports, fragments of all sorts.
#
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

has nmap || has hping3 || skip_all 'needs nmap or hping3'
need ns_add a
need ns_add b
cat >"$tmp/hopd.conf" <<END
port add tapa netns $(ns_name a)
port add tapb netns $(ns_name b)
addr add 10.81.0.1/24 dev tapa
addr add 10.82.0.1/24 dev tapb
inetd add echo
END
need hopd_start -f "$tmp/hopd.conf"
worker=$(worker_of "$keeper")
need in_ns a ip link set tapa up
need in_ns a ip addr add 10.81.0.2/24 dev tapa
need in_ns a ip route add default via 10.81.0.1
need in_ns b ip link set tapb up
need in_ns b ip addr add 10.82.0.2/24 dev tapb
need in_ns b ip route add default via 10.82.0.1

scan()
{
	in_ns a timeout 60 nmap -n --max-retries 2 "$@"
}

hping()
{
	in_ns a timeout 20 hping3 -n "$@"
}

if has nmap; then
	try 'hosts on the link, by ARP' scan -sn 10.81.0.1
	try 'hopd is up' matches 'Host is up'
	for by in -PE -PP -PU33434 -PS80 -PA80 -PO1; do
		try "hosts behind it, by $by" scan -sn $by 10.82.0.1-2
		try 'two are up' matches '2 hosts up'
	done
	try 'protocols' scan -Pn -sO -p 1,2,4,6,17,47,50,89,132,253 \
	    --scan-delay 110ms 10.81.0.1
	try 'ICMP is open' matches '^1 +open'
	try 'TCP is open' matches '^6 +open'
	try 'UDP is open' matches '^17 +open'
	for proto in 47 50 89 132 253; do
		try "$proto is closed" matches "^$proto +closed"
	done
	try 'UDP ports' scan -Pn -sU -p 7,9,53,123,161 --scan-delay 110ms \
	    --data-length 8 10.81.0.1
	try 'echo is open' matches '^7/udp +open +'
	for port in 9 53 123 161; do
		try "$port is closed" matches "^$port/udp +closed"
	done
	try 'TCP ports' scan -Pn -sS -p 22,80,443 10.81.0.1
	try 'are closed' matches '^80/tcp +closed'
	for kind in -sA -sF -sX -sN -sW -sM; do
		try "TCP $kind" scan -Pn $kind -p 22,80 10.81.0.1
	done
	try 'in fragments of 8 bytes' scan -Pn -f -sS -p 22,80 10.81.0.1
	try 'are closed too' matches '^80/tcp +closed'
	try 'through hopd, in fragments' scan -Pn -f -sS -p 22,80 10.82.0.2
	try 'are closed there' matches '^80/tcp +closed'
fi
if has hping3; then
	# The identification is given: hping takes the low byte of its process
	# id, and where that is 0 the kernel gives each fragment another one.
	try 'fragments of 16 bytes' hping -q -1 -N 7 -d 600 -f -c 3 \
	    -i u20000 10.81.0.1
	try 'are answered' matches '3 packets received, 0% packet loss'
	try 'fragments through hopd' hping -q -1 -N 8 -d 3000 -m 512 \
	    -c 3 -i u20000 10.82.0.2
	try 'are answered too' matches '3 packets received'
	try_status 'a first fragment alone' 1 \
	    hping -q -1 -x -c 2 -i u20000 10.81.0.1
	try_status 'a later fragment alone' 1 \
	    hping -q -1 -g 64 -c 2 -i u20000 10.81.0.1
	try_status 'bad transport checksums' 1 \
	    hping -q -2 -b -p 7 -c 2 -i u20000 10.81.0.1
	try 'UDP in fragments to echo' hping -q -2 -N 9 -p 7 -d 900 -f \
	    -c 2 -i u50000 10.81.0.1
	try 'ICMP timestamp' hping -q -1 -C 13 -c 1 10.81.0.1
	try_status 'ICMP address mask is not answered' 1 \
	    hping -q -1 -C 17 -c 1 10.81.0.1
	try_status 'loose source route is not taken' 1 \
	    hping -q -1 -c 1 --lsrr 10.82.0.2 10.81.0.1
	try_status 'land attack: our own address as source' 1 \
	    hping -q -S -p 80 -c 2 -i u20000 -a 10.81.0.1 10.81.0.1
	try_status 'from a broadcast address' 1 \
	    hping -q -1 -c 2 -i u20000 -a 255.255.255.255 10.81.0.1
	hping -q --faster -c 3000 --rand-source -S -p 80 10.81.0.1 \
	    >/dev/null 2>&1
fi
try 'drops have names' hopctl drops
try 'protocols nobody handles' matches 'ip-protocol'
try 'ports nobody listens on' matches 'udp-no-port'
try 'the worker is the same' [ "$(worker_of "$keeper")" = "$worker" ]
try 'and answers' in_ns a ping -n -q -c 2 -i 0.2 10.82.0.2
finish
