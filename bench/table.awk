# table.awk - samples to a table of medians, and to JSON, one object a line.
#
#	awk -f table.awk -v kind=peers|growth -v bench=NAME -v title=TEXT
#	    -v unit=TEXT -v better=more|less -v order="PEER..." -v json=FILE
#	    SAMPLES
#
# A line of SAMPLES is PEER VALUE [KEY=VALUE...].  A peer without a line is left
# out.  The last columns are ratios, above 1 for the better one:
# with kind=peers of each hopd to each other peer, with kind=growth of each
# number to the first.

function is_ours(peer)
{
	return index(peer, "hopd") == 1
}

# Sorts v[p, 1..n] for one p into s[1..n].
function sorted(v, p, n,    i, j, x)
{
	for (i = 1; i <= n; i++) {
		x = v[p, i]
		for (j = i; j > 1 && s[j - 1] > x; j--)
			s[j] = s[j - 1]
		s[j] = x
	}
}

# The median of s[1..n].
function middle(n)
{
	return n % 2 ? s[(n + 1) / 2] : (s[n / 2] + s[n / 2 + 1]) / 2
}

function short(x)
{
	if (x >= 1000 || x == int(x))
		return sprintf("%.0f", x)
	return sprintf(x >= 100 ? "%.1f" : x >= 10 ? "%.2f" : "%.3f", x)
}

function ratio(ours, theirs,    t)
{
	if (better == "less") {
		t = ours
		ours = theirs
		theirs = t
	}
	return theirs ? sprintf("%.2f", ours / theirs) : "-"
}

{
	n = ++count[$1]
	value[$1, n] = $2 + 0
	for (i = 3; i <= NF; i++) {
		split($i, kv, "=")
		if (!(kv[1] in known)) {
			known[kv[1]] = 1
			key[++keys] = kv[1]
		}
		extra[kv[1], $1, n] = kv[2] + 0
		has[kv[1], $1] = 1
	}
}

# Against whom: all that are not ours, and the first of several of ours.
function choose_others(    i, ours)
{
	for (i = 1; i <= peers; i++) {
		if (kind == "growth" ? i == 1 : !is_ours(peer[i]))
			other[++others] = peer[i]
		else if (kind != "growth" && ++ours == 2)
			second = peer[i]
	}
	if (second == "")
		return
	for (i = 1; !is_ours(peer[i]); i++)
		;
	other[++others] = peer[i]
}

function head(    i, line)
{
	printf "\n%s  %s: %s, %s is better\n", bench, title, unit, better
	line = sprintf("    %-16s %9s %9s %9s", "", "median", "min", "max")
	for (i = 1; i <= keys; i++)
		line = line sprintf(" %7s", key[i])
	for (i = 1; i <= others; i++)
		line = line sprintf(" %10s", "/" substr(other[i], 1, 9))
	print line
}

function extremes(p)
{
	sorted(value, p, count[p])
	median[p] = middle(count[p])
	low[p] = s[1]
	high[p] = s[count[p]]
}

# The keys of p: as columns, or with names for JSON.
function columns(p, named,    i, j, n, line, v)
{
	for (i = 1; i <= keys; i++) {
		if (!((key[i], p) in has)) {
			if (!named)
				line = line sprintf(" %7s", "")
			continue
		}
		n = 0
		for (j = 1; j <= count[p]; j++)
			v[p, ++n] = extra[key[i], p, j]
		sorted(v, p, n)
		line = line (named ? sprintf(",\"%s\":%.6g", key[i],
		    middle(n)) : sprintf(" %7s", short(middle(n))))
	}
	return line
}

function ratios(p, named,    i, line, r)
{
	if (kind != "growth" && !is_ours(p))
		return ""
	for (i = 1; i <= others; i++) {
		r = other[i] == p ? "" : ratio(median[p], median[other[i]])
		if (!named)
			line = line sprintf(" %10s", r)
		else if (r != "" && r != "-")
			line = line sprintf("%s\"%s\":%s", line ? "," : "",
			    other[i], r)
	}
	return named && line ? ",\"ratios\":{" line "}" : line
}

function json_line(p,    i, line)
{
	line = sprintf("{\"bench\":\"%s\",\"row\":\"%s\",\"unit\":\"%s\"," \
	    "\"better\":\"%s\",", bench, title, unit, better)
	line = line (kind == "growth" ? "\"x\":" p : "\"peer\":\"" p "\"")
	line = line sprintf(",\"median\":%.6g,\"min\":%.6g,\"max\":%.6g%s",
	    median[p], low[p], high[p], columns(p, 1))
	line = line ",\"values\":["
	for (i = 1; i <= count[p]; i++)
		line = line (i > 1 ? "," : "") sprintf("%.6g", value[p, i])
	print line "]" ratios(p, 1) "}" >>json
}

# The peers that were measured.
function choose_peers(    all, i, n)
{
	n = split(order, all, " ")
	for (i = 1; i <= n; i++)
		if (all[i] in count)
			peer[++peers] = all[i]
}

END {
	choose_peers()
	if (!peers)
		exit
	choose_others()
	head()
	for (i = 1; i <= peers; i++)
		extremes(peer[i])
	for (i = 1; i <= peers; i++) {
		p = peer[i]
		printf "    %-16s %9s %9s %9s%s%s\n", p, short(median[p]),
		    short(low[p]), short(high[p]), columns(p, 0), ratios(p, 0)
		json_line(p)
	}
}
