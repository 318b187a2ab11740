/*
 * ipvsadm_print.c - tables as ipvsadm prints them, byte for byte: trailing
 * blanks, cut names, its own way of writing large numbers.
 *
 * Pure but for names: without -n, hosts and ports are looked up.
 */
#include "hopctl/ipvsadm.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_TEXT	512	/* host:port before it is cut */
#define SERVICE_WIDTH	33
#define SERVER_WIDTH	28

/* ---- names -------------------------------------------------------------- */

static const char *
proto_name(uint8_t proto)
{
	return proto == 6 ? "tcp" : proto == 17 ? "udp" : "sctp";
}

/* proto 0: the port stays a number. */
static void
end_text(struct ip4 addr, uint16_t port, uint8_t proto, bool numeric,
    char buf[NAME_MAX_TEXT])
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(addr.v) };
	char host[NI_MAXHOST], number[IP4_STRLEN];
	const struct servent *s = NULL;
	const char *name = host;

	if (numeric || getnameinfo((struct sockaddr *)&sin, sizeof(sin), host,
	    sizeof(host), NULL, 0, NI_NAMEREQD) != 0)
		name = ip4_format(addr, number);
	if (!numeric && proto != 0)
		s = getservbyport(htons(port), proto_name(proto));
	if (s != NULL)
		snprintf(buf, NAME_MAX_TEXT, "%.255s:%.64s", name, s->s_name);
	else
		snprintf(buf, NAME_MAX_TEXT, "%.255s:%u", name, port);
}

const char *
ipvs_flags_text(const char *sched, unsigned flags, char *buf, size_t size)
{
	bool named = strcmp(sched, "sh") == 0 || strcmp(sched, "mh") == 0;
	const char *const names[] = { named ? "fallback" : "1",
	    named ? "port" : "2", "3" };
	const char *sep = "";
	size_t n = 0;

	buf[0] = '\0';
	/* What has no name with sh and mh is not told. */
	for (unsigned i = 0; i < (named ? 2 : 3); i++) {
		if ((flags >> i & 1) == 0)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s-%s", sep,
		    named ? sched : "flag", names[i]);
		sep = ",";
	}
	return buf;
}

/* "TCP  10.0.0.1:80", "FWM  42". */
static void
service_name(const struct ipvs_service *s, bool numeric,
    char buf[NAME_MAX_TEXT + 8])
{
	char end[NAME_MAX_TEXT];

	if (s->proto == 0) {
		snprintf(buf, NAME_MAX_TEXT, "FWM  %" PRIu32, s->fwmark);
		return;
	}
	end_text(s->addr, s->port, s->proto, numeric, end);
	snprintf(buf, NAME_MAX_TEXT + 8, "%-4s %s", s->proto == 6 ? "TCP" :
	    s->proto == 17 ? "UDP" : "SCTP", end);
	buf[SERVICE_WIDTH] = '\0';
}

/* ---- order -------------------------------------------------------------- */

static int
compare_u32(uint32_t a, uint32_t b)
{
	/* The difference as a signed number: ipvsadm's order of addresses. */
	int32_t d = (int32_t)(a - b);

	return d < 0 ? -1 : d > 0;
}

static int
compare_services(const void *pa, const void *pb)
{
	const struct ipvs_service *a = pa, *b = pb;
	int r = compare_u32(a->fwmark, b->fwmark);

	if (r == 0)
		r = (int)a->proto - (int)b->proto;
	if (r == 0)
		r = compare_u32(a->addr.v, b->addr.v);
	return r != 0 ? r : (int)a->port - (int)b->port;
}

static int
compare_servers(const void *pa, const void *pb)
{
	const struct ipvs_server *a = pa, *b = pb;
	int r = compare_u32(a->addr.v, b->addr.v);

	return r != 0 ? r : (int)a->port - (int)b->port;
}

void
ipvs_sort(struct ipvs_table *t)
{
	if (t->services > 0)
		qsort(t->service, t->services, sizeof(*t->service),
		    compare_services);
	for (size_t i = 0; i < t->services; i++) {
		struct ipvs_service *s = &t->service[i];

		if (s->servers > 0)
			qsort(s->server, s->servers, sizeof(*s->server),
			    compare_servers);
	}
}

/* ---- listings ----------------------------------------------------------- */

/* Nine columns; thousands, millions and so on where it would not fit. */
static void
print_large(FILE *out, uint64_t n, bool exact)
{
	char digits[24];

	if (exact) {
		int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

		fprintf(out, "%*s", len <= 8 ? 9 : len + 1, digits);
	} else if (n < UINT64_C(100000000)) {
		fprintf(out, "%9" PRIu64, n);
	} else if (n < UINT64_C(1000000000)) {
		fprintf(out, "%8" PRIu64 "K", n / 1000);
	} else if (n < UINT64_C(100000000000)) {
		fprintf(out, "%8" PRIu64 "M", n / 1000000);
	} else if (n < UINT64_C(100000000000000)) {
		fprintf(out, "%8" PRIu64 "G", n / 1000000000);
	} else {
		fprintf(out, "%8" PRIu64 "T", n / UINT64_C(1000000000000));
	}
}

static void
print_title(FILE *out, const struct ipvs_format *f, uint32_t size)
{
	if (f->heading)
		fprintf(out, "IP Virtual Server version " IPVS_VERSION_TEXT
		    " (size=%" PRIu32 ")\n", size);
	switch (f->view) {
	case IPVS_STATS:
		fprintf(out, "%-33s %8s %8s %8s %8s %8s\n",
		    "Prot LocalAddress:Port", "Conns", "InPkts", "OutPkts",
		    "InBytes", "OutBytes");
		break;
	case IPVS_RATE:
		fprintf(out, "%-33s %8s %8s %8s %8s %8s\n",
		    "Prot LocalAddress:Port", "CPS", "InPPS", "OutPPS",
		    "InBPS", "OutBPS");
		break;
	case IPVS_THRESHOLDS:
		fprintf(out, "%-33s %-10s %-10s %-10s %-10s\n",
		    "Prot LocalAddress:Port", "Uthreshold", "Lthreshold",
		    "ActiveConn", "InActConn");
		break;
	case IPVS_PERSIST:
		fprintf(out, "%-33s %-9s %-11s %-10s %-10s\n",
		    "Prot LocalAddress:Port", "Weight", "PersistConn",
		    "ActiveConn", "InActConn");
		break;
	case IPVS_TUN:
		fprintf(out, "Prot LocalAddress:Port Scheduler Flags\n"
		    "  -> RemoteAddress:Port           Forward TunnelInfo    "
		    "Weight ActiveConn InActConn\n");
		return;
	default:
		fprintf(out, "Prot LocalAddress:Port Scheduler Flags\n"
		    "  -> RemoteAddress:Port           Forward Weight "
		    "ActiveConn InActConn\n");
		return;
	}
	fprintf(out, "  -> RemoteAddress:Port\n");
}

static void
print_service(FILE *out, const struct ipvs_service *s,
    const struct ipvs_format *f)
{
	char name[NAME_MAX_TEXT + 8], flags[64], mask[IP4_STRLEN];

	service_name(s, f->numeric, name);
	if (f->view == IPVS_STATS || f->view == IPVS_RATE) {
		fprintf(out, "%-33s", name);
		for (unsigned i = 0; i < IPVS_COUNTERS; i++)
			print_large(out, f->view == IPVS_STATS ? s->stats[i] :
			    s->rates[i], f->exact);
		fputc('\n', out);
		return;
	}
	fprintf(out, "%s %s", name, s->sched);
	if (ipvs_flags_text(s->sched, s->flags, flags, sizeof(flags))[0] !=
	    '\0')
		fprintf(out, " (%s)", flags);
	if (s->persist_s != 0)
		fprintf(out, " persistent %" PRIu32, s->persist_s);
	if (s->persist_s != 0 && s->netmask.v != UINT32_MAX)
		fprintf(out, " mask %s", ip4_format(s->netmask, mask));
	fputs(s->ops ? " ops\n" : "\n", out);
}

static const char *
fwd_name(enum ipvs_fwd fwd)
{
	static const char *const names[] = { "Masq", "Local", "Tunnel",
	    "Route", "FullNat" };

	return names[fwd];
}

static void
print_server_rates(FILE *out, const struct ipvs_server *d,
    const struct ipvs_format *f)
{
	if (f->view == IPVS_STATS) {
		for (unsigned i = 0; i < IPVS_COUNTERS; i++)
			print_large(out, d->stats[i], f->exact);
	} else {
		/* These three are never shortened. */
		fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64,
		    d->rates[0], d->rates[1], d->rates[2]);
		print_large(out, d->rates[IPVS_IN_BYTES], f->exact);
		print_large(out, d->rates[IPVS_OUT_BYTES], f->exact);
	}
	fputc('\n', out);
}

static void
print_server(FILE *out, const struct ipvs_service *s,
    const struct ipvs_server *d, const struct ipvs_format *f)
{
	char name[NAME_MAX_TEXT];

	end_text(d->addr, d->port, s->proto, f->numeric, name);
	name[SERVER_WIDTH] = '\0';
	fprintf(out, "  -> %-28s", name);
	switch (f->view) {
	case IPVS_STATS:
	case IPVS_RATE:
		print_server_rates(out, d, f);
		return;
	case IPVS_THRESHOLDS:
		fprintf(out, " %-10" PRIu32 " %-10" PRIu32, d->upper,
		    d->lower);
		break;
	case IPVS_PERSIST:
		fprintf(out, " %-9" PRId64 " %-11" PRIu32, d->weight,
		    d->persist);
		break;
	case IPVS_TUN:
		fprintf(out, " %-7s %-13s %-6" PRId64, fwd_name(d->fwd),
		    d->fwd == IPVS_TUNNEL ? "ipip" : "n/a", d->weight);
		break;
	default:
		fprintf(out, " %-7s %-6" PRId64, fwd_name(d->fwd), d->weight);
		break;
	}
	fprintf(out, " %-10" PRIu32 " %-10" PRIu32 "\n", d->active,
	    d->inactive);
}

void
ipvs_print_table(FILE *out, struct ipvs_table *t, const struct ipvs_format *f)
{
	if (!f->nosort)
		ipvs_sort(t);
	print_title(out, f, t->size);
	for (size_t i = 0; i < t->services; i++) {
		const struct ipvs_service *s = &t->service[i];

		print_service(out, s, f);
		for (size_t j = 0; j < s->servers; j++)
			print_server(out, s, &s->server[j], f);
	}
}

/* ---- connections -------------------------------------------------------- */

void
ipvs_print_conns(FILE *out, const struct ipvs_conn *conn, size_t count,
    const struct ipvs_format *f)
{
	char client[NAME_MAX_TEXT], vip[NAME_MAX_TEXT], server[NAME_MAX_TEXT];
	char expire[24];

	fprintf(out, "IPVS connection entries\npro expire %-11s %-18s %-18s ",
	    "state", "source", "virtual");
	if (f->pe)
		fprintf(out, "%-18s %-16s %s\n", "destination", "pe name",
		    "pe_data");
	else
		fprintf(out, "destination\n");
	for (size_t i = 0; i < count; i++) {
		const struct ipvs_conn *c = &conn[i];

		snprintf(expire, sizeof(expire), "%02u:%02u",
		    c->expires_s / 60, c->expires_s % 60);
		end_text(c->client, c->cport, c->proto, f->numeric, client);
		end_text(c->vip, c->vport, c->proto, f->numeric, vip);
		end_text(c->server, c->sport, c->proto, f->numeric, server);
		fprintf(out, "%-3s %-6s %-11s %-18s %-18s %s\n",
		    c->proto == 0 ? "IP" : c->proto == 6 ? "TCP" :
		    c->proto == 17 ? "UDP" : "SCTP", expire, c->state,
		    client, vip, server);
	}
}

/* ---- as commands -------------------------------------------------------- */

static void
print_save_name(FILE *out, const struct ipvs_service *s, bool numeric)
{
	char end[NAME_MAX_TEXT];

	if (s->proto == 0) {
		fprintf(out, "-f %" PRIu32, s->fwmark);
		return;
	}
	end_text(s->addr, s->port, s->proto, numeric, end);
	fprintf(out, "%s %s", s->proto == 6 ? "-t" : s->proto == 17 ? "-u" :
	    "--sctp-service", end);
}

static void
print_save_server(FILE *out, const struct ipvs_service *s,
    const struct ipvs_server *d, bool numeric)
{
	char end[NAME_MAX_TEXT];

	fputs("-a ", out);
	print_save_name(out, s, numeric);
	end_text(d->addr, d->port, s->proto, numeric, end);
	fprintf(out, " -r %s %s -w %" PRId64 "%s\n", end,
	    d->fwd == IPVS_MASQ ? "-m" : d->fwd == IPVS_TUNNEL ? "-i" :
	    d->fwd == IPVS_FULLNAT ? "--fullnat" : "-g", d->weight,
	    d->fwd == IPVS_TUNNEL ? " --tun-type ipip" : "");
}

void
ipvs_print_save(FILE *out, struct ipvs_table *t, bool numeric)
{
	char flags[64], mask[IP4_STRLEN];

	ipvs_sort(t);
	for (size_t i = 0; i < t->services; i++) {
		const struct ipvs_service *s = &t->service[i];

		fputs("-A ", out);
		print_save_name(out, s, numeric);
		fprintf(out, " -s %s", s->sched);
		if (s->persist_s != 0)
			fprintf(out, " -p %" PRIu32, s->persist_s);
		if (s->persist_s != 0 && s->netmask.v != UINT32_MAX)
			fprintf(out, " -M %s", ip4_format(s->netmask, mask));
		if (s->ops)
			fputs(" -o", out);
		if (ipvs_flags_text(s->sched, s->flags, flags,
		    sizeof(flags))[0] != '\0')
			fprintf(out, " -b %s", flags);
		fputc('\n', out);
		for (size_t j = 0; j < s->locals; j++) {
			fputs("--add-local-address ", out);
			print_save_name(out, s, numeric);
			fprintf(out, " --local-address %s\n",
			    ip4_format(s->local[j], mask));
		}
		for (size_t j = 0; j < s->servers; j++)
			print_save_server(out, s, &s->server[j], numeric);
	}
}
