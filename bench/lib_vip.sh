# shellcheck shell=bash disable=SC2034,SC2154
# lib_vip.sh - one virtual address, and who may stand in front of its servers.
#
#	. "$(dirname "$0")/lib_vip.sh"	(after lib.sh and lib_path.sh)
#	vip_make PEER
#
# PEER is hopd-nat, hopd-dr, hopd-tun, hopd-fullnat; nftables (DNAT in the
# kernel's router); haproxy (TCP mode, in the same place); or direct (nothing
# in between: one cable).  Each makes PEER-a, the client, and PEER-b, where
# nginx answers on port 80 of two addresses and iperf3 on port 5201:
#
#	PEER-a 10.1.0.2 -- VIP 10.1.0.100 -- 10.2.0.2, 10.2.0.3 PEER-b
#
# With DR and TUN the answers take a cable of their own, past the director.
# With TUN a second hopd unpacks in front of the server.  vip_addr[PEER] is
# whom the client asks.

declare -A vip_addr=()
vip=10.1.0.100

vip_make()	# PEER
{
	vip_addr[$1]=$vip
	case $1 in
	hopd-tun)
		vip_conf tun
		path_make tun "$1"
		vip_back "$1"
		;;
	hopd-dr)
		vip_conf dr
		path_make hopd "$1"
		vip_back "$1"
		;;
	hopd-*)
		vip_conf "${1#hopd-}"
		path_make hopd "$1"
		;;
	direct)
		path_make cable "$1"
		vip_addr[$1]=10.2.0.2
		;;
	*)
		path_make kernel "$1"
		in_ns "$1-r" ip addr add $vip/32 dev r0
		"vip_$1" "$1" || die "cannot make $1"
		;;
	esac
	vip_servers "$1"
	answers "$1-a" "${vip_addr[$1]}" 80 ||
	    die "$1: no answer from the service"
}

vip_conf()	# MODE
{
	path_conf="
addr add $vip/32 dev a0
service add tcp $vip:80 sched rr
server add tcp $vip:80 10.2.0.2:80 mode $1
server add tcp $vip:80 10.2.0.3:80 mode $1
service add tcp $vip:5201 sched rr
server add tcp $vip:5201 10.2.0.2:5201 mode $1"
	[ "$1" != fullnat ] || path_conf+="
$(printf 'addr add 10.2.0.%d/32 dev b0\n' {201..204})
$(printf "local add tcp $vip:80 10.2.0.%d\n" {201..203})
local add tcp $vip:5201 10.2.0.204"
	[ "$1" != tun ] || path_conf+="
lb set mss_clamp on"
}

# nothing but a cable
path_cable()	# NAME
{
	veth "$1-a" a0 - "$1-b" b0 - && ends_up "$1"
}

# The director and the hopd that unpacks meet in a switch.
path_tun()	# NAME
{
	local l

	ns_add "$1-l"
	l=$(ns_name "$1-l")
	hopd_start "$1" <<-END
		port add a0 netns $(ns_name "$1-a") mac 02:00:00:00:00:01
		port add l0 netns $l
		addr add 10.1.0.1/24 dev a0
		addr add 10.2.0.1/24 dev l0
		$path_conf
	END
	hopd_start "$1-far" <<-END
		port add f0 netns $l gro on
		port add b0 netns $(ns_name "$1-b")
		addr add 10.2.0.2/24 dev f0
		addr add 10.2.0.3/24 dev f0
		addr add 10.4.0.1/24 dev b0
		tunnel add ipip0
		route add $vip/32 via 10.4.0.2
		route add default via 10.2.0.1
	END
	path_pid[$1]=$(worker_of "$1")
	in_ns "$1-l" ip link add lan type bridge forward_delay 0 &&
	    in_ns "$1-l" ip link set lan up &&
	    in_ns "$1-l" ip link set l0 master lan up &&
	    in_ns "$1-l" ip link set f0 master lan up && ends_up "$1" &&
	    in_ns "$1-b" ip addr add 10.4.0.2/24 dev b0
}

# The server has the virtual address, hidden, and its own way to the client.
vip_back()	# NAME
{
	veth "$1-a" back 10.3.0.2/24 "$1-b" back 10.3.0.3/24 &&
	    in_ns "$1-b" sh -c 'cd /proc/sys/net/ipv4/conf/all &&
	    echo 1 >arp_ignore && echo 2 >arp_announce' &&
	    in_ns "$1-b" ip addr add $vip/32 dev lo &&
	    in_ns "$1-b" ip route replace 10.1.0.0/24 via 10.3.0.2 dev back
}

vip_nftables()	# NAME
{
	in_ns "$1-r" nft -f - <<-END
		table ip nat {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip daddr $vip tcp dport 80 dnat to numgen inc \\
				    mod 2 map { 0 : 10.2.0.2, 1 : 10.2.0.3 }
				ip daddr $vip tcp dport 5201 dnat to 10.2.0.2
			}
		}
	END
}

vip_haproxy()	# NAME
{
	cat >"$tmp/haproxy.conf" <<-END
		global
			maxconn 1000
		defaults
			mode tcp
			balance roundrobin
			timeout connect 10s
			timeout client 60s
			timeout server 60s
		listen http
			bind $vip:80
			server rs1 10.2.0.2:80
			server rs2 10.2.0.3:80
		listen bulk
			bind $vip:5201
			server rs1 10.2.0.2:5201
	END
	spawn_in "$1-r" "${on_mid[@]}" haproxy -db -f "$tmp/haproxy.conf"
}

vip_servers()	# NAME
{
	local dir=$tmp/$1-www

	in_ns "$1-b" ip addr add 10.2.0.3/24 dev b0
	in_ns "$1-a" sh -c \
	    'echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range'
	mkdir "$dir"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		master_process off;
		pid $dir/pid;
		error_log $dir/error.log;
		events {
			worker_connections 1000;
		}
		http {
			access_log off;
			client_body_temp_path $dir/tmp;
			proxy_temp_path $dir/tmp;
			fastcgi_temp_path $dir/tmp;
			uwsgi_temp_path $dir/tmp;
			scgi_temp_path $dir/tmp;
			keepalive_requests 1000000000;
			server {
				listen 80 backlog=4096;
				return 200 "$(printf '%0128d' 0)";
			}
		}
	END
	spawn_in "$1-b" "${on_far[@]}" nginx -e "$dir/error.log" -p "$dir" \
	    -c "$dir/nginx.conf"
	! have iperf3 || spawn_in "$1-b" "${on_far[@]}" iperf3 -s
}

# The peers that can be had here, hopd's modes first, in the array `peers`.
vip_peers()
{
	local peer

	peers=(hopd-nat hopd-dr hopd-tun hopd-fullnat)
	peer_if nft nftables
	peer_if haproxy haproxy
	peers+=(direct)
	for peer in "${peers[@]}"; do
		vip_make "$peer"
	done
}
