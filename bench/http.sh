#!/bin/bash
# http: requests to hopd's own HTTP server over 64 connections that stay open,
# and over a new connection each, beside nginx with one worker on the kernel's
# stack over veth; the same small file from both.  nginx keeps open files for
# as long as hopd keeps theirs.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"
need_tool nginx wrk

tree=$tmp/www
mkdir "$tree"
head -c 600 /dev/zero | tr '\0' x >"$tree/index.html"
chmod 755 "$tmp" "$tree"

make_hopd()
{
	end_hopd -r "$tree" <<<'http add 10.1.0.1:80 root /'
}

make_nginx()
{
	ns_add nginx-a nginx-b
	veth nginx-a a0 10.1.0.2/24 nginx-b b0 10.1.0.1/24
	cat >"$tmp/nginx.conf" <<-END
		worker_processes 1; daemon off; pid $tmp/nginx.pid;
		error_log $tmp/nginx.log;
		events { worker_connections 4096; }
		http {
			access_log off; keepalive_requests 1000000000;
			sendfile on; tcp_nopush on; tcp_nodelay on;
			open_file_cache max=64; open_file_cache_valid 1s;
			server { listen 80 backlog=1024; root $tree; }
		}
	END
	spawn_in nginx-b "${on_mid[@]}" nginx -c "$tmp/nginx.conf"
	path_pid[nginx]=$spawned
}

run()	# PEER; $header
{
	local got

	path_mark "$1"
	got=$(in_ns "$1-a" "${on_gen[@]}" wrk -t 1 -c 64 -d "$seconds" \
	    "${header[@]}" http://10.1.0.1/) || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '/Requests\/sec/ { r = $2 }
	    /Non-2xx|Socket errors/ { bad = 1 }
	    END { if (!bad) print r }') $(path_used "$1")
}

for peer in hopd nginx; do
	"make_$peer"
	answers "$peer-a" 10.1.0.1 80 || die "$peer does not answer"
done
# nginx answers by its one worker.
read -r "path_pid[nginx]" _ \
    <"/proc/${path_pid[nginx]}/task/${path_pid[nginx]}/children"
header=()
compare '64 connections that stay' requests/s more run hopd nginx
header=(-H 'Connection: close')
compare 'a connection a request' connections/s more run hopd nginx
bench_end
