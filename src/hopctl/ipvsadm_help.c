/*
 * ipvsadm_help.c - what hop-ipvsadm -h and -v print.
 */
#include "hopctl/ipvsadm.h"

static const char *const lines[] = {
	"",
	"Commands, one, first:",
	"  -A, --add-service SERVICE   add a virtual service",
	"  -E, --edit-service SERVICE  change it",
	"  -D, --delete-service SERVICE  remove it",
	"  -C, --clear                 remove everything",
	"  -a, --add-server SERVICE -r S  add a real server",
	"  -e, --edit-server SERVICE -r S  change it",
	"  -d, --delete-server SERVICE -r S  remove it",
	"  -L, -l, --list [SERVICE]    list services, or what -c, --timeout",
	"                              and --daemon ask for",
	"  -Z, --zero [SERVICE]        zero counters",
	"  -S, --save [-n]             print everything as commands",
	"  -R, --restore               read such commands from the input",
	"  --set TCP TCPFIN UDP        time-outs in seconds; 0: as it is",
	"  --start-daemon, --stop-daemon master|backup",
	"                              understood; hopd has no such daemon",
	"  --add-local-address SERVICE --local-address A",
	"  --delete-local-address SERVICE --local-address A",
	"                              FULLNAT: addresses towards servers",
	"  -h, --help; -v, --version",
	"",
	"SERVICE:",
	"  -t, --tcp-service HOST:PORT; -u, --udp-service HOST:PORT;",
	"  --sctp-service HOST:PORT; -f, --fwmark-service MARK",
	"",
	"Of a service:",
	"  -s, --scheduler NAME        rr wrr lc wlc lblc lblcr dh sh sed nq",
	"                              fo ovf mh twos maglev swrr; else wlc",
	"  -p, --persistent [SECONDS]  a client keeps its server; else 360",
	"  -M, --netmask MASK          clients that count as one",
	"  -b, --sched-flags FLAGS     sh-fallback,sh-port,mh-fallback,",
	"                              mh-port,flag-1,flag-2,flag-3",
	"  -o, --ops                   every packet on its own (UDP)",
	"",
	"Of a real server:",
	"  -r, --real-server HOST[:PORT]",
	"  -g, --gatewaying; -i, --ipip; -m, --masquerading; --fullnat",
	"                              direct routing (else), tunnel, NAT,",
	"                              NAT of both addresses",
	"  -w, --weight N              share; 0: no new connections",
	"  -x, --u-threshold N; -y, --l-threshold N",
	"                              connections at which it is full, and",
	"                              no longer full",
	"",
	"Of a list:",
	"  -n, --numeric               no names of hosts and ports",
	"  -c, --connection            connections",
	"  --stats, --rate; -X, --exact  counters, by the second, unshortened",
	"  --thresholds, --persistent-conn, --tun-info",
	"  --timeout, --daemon         time-outs; daemons",
	"  --nosort                    as they stand",
};

void
ipvs_print_help(FILE *out, const char *name)
{
	ipvs_print_version(out);
	fprintf(out, "Usage: %s COMMAND [OPTION ...], over hopd's socket: "
	    "$HOPD_SOCKET or\n/run/hopd/hopd.sock\n", name);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fprintf(out, "%s\n", lines[i]);
}

/* Scripts that look for a version look for this one. */
void
ipvs_print_version(FILE *out)
{
	fprintf(out, "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v"
	    IPVS_VERSION_TEXT ")\n");
}
