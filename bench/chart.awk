# chart.awk - the JSON lines of one measurement to a chart, as SVG.
#
#	awk -f chart.awk FILE.json > FILE.svg
#
# A panel for each row, a bar for each peer or number: its length is the
# median, the thin line goes from the least to the most.  hopd's are dark.

# The value of a field in the line, without its quotes.
function field(name,    at, rest)
{
	at = index($0, "\"" name "\":")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 3)
	if (substr(rest, 1, 1) == "\"")
		return substr(rest, 2, index(substr(rest, 2), "\"") - 1)
	match(rest, /^[^,}]*/)
	return substr(rest, 1, RLENGTH)
}

function escaped(s)
{
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	return s
}

function text(x, y, anchor, class, s)
{
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" " \
	    "class=\"%s\">%s</text>\n", x, y, anchor, class, escaped(s)
}

function number(x)
{
	if (x >= 1000 || x == int(x))
		return sprintf("%.0f", x)
	return sprintf(x >= 100 ? "%.1f" : x >= 10 ? "%.2f" : "%.3f", x)
}

BEGIN {
	left = 130; wide = 430; width = 760; bar = 16; step = 22
}

field("row") != "" && field("median") != "" {
	row = field("row")
	if (!(row in bars)) {
		panel[++panels] = row
		about[row] = row ": " field("unit") ", " field("better") \
		    " is better"
	}
	n = ++bars[row]
	label[row, n] = field("peer") field("x")
	ours[row, n] = field("x") != "" || index(field("peer"), "hopd") == 1
	median[row, n] = field("median")
	low[row, n] = field("min")
	high[row, n] = field("max")
	if (high[row, n] + 0 > most[row] + 0)
		most[row] = high[row, n]
	total++
	title = field("bench")
}

function panel_draw(row, y,    i, scale, x)
{
	scale = most[row] > 0 ? wide / most[row] : 0
	text(12, y + 14, "start", "row", about[row])
	y += step
	for (i = 1; i <= bars[row]; i++) {
		text(left - 8, y + 13, "end", "peer", label[row, i])
		x = left + median[row, i] * scale
		printf "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" " \
		    "height=\"%d\" class=\"%s\"/>\n", left, y, x - left, bar,
		    ours[row, i] ? "ours" : "other"
		printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" " \
		    "y2=\"%.1f\"/>\n", left + low[row, i] * scale,
		    left + high[row, i] * scale, y + bar / 2, y + bar / 2
		text(left + wide + 12, y + 13, "start", "peer",
		    number(median[row, i] + 0) " (" number(low[row, i] + 0) \
		    " - " number(high[row, i] + 0) ")")
		y += step
	}
	return y + 12
}

END {
	height = 44 + panels * (step + 12) + total * step
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" " \
	    "height=\"%d\" viewBox=\"0 0 %d %d\">\n", width, height, width,
	    height
	print "<style>text{font:12px sans-serif;fill:#222}" \
	    ".title{font-size:16px;font-weight:bold}.row{font-weight:bold}" \
	    ".ours{fill:#1f5fa8}.other{fill:#b4bac2}line{stroke:#d2691e;" \
	    "stroke-width:2}</style>"
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	text(12, 24, "start", "title", title)
	y = 40
	for (p = 1; p <= panels; p++)
		y = panel_draw(panel[p], y)
	print "</svg>"
}
